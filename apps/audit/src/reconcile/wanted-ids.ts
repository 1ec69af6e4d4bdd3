/**
 * Ids that are looked for on the log, each with the least round of which a record counts. As hashes of 64 bits in arrays of
 * numbers: 26 to 52 bytes an id, where a Map would take 150. That two ids of millions have one hash does not happen.
 */
export interface WantedIds {
  add(id: string, leastRound: number): void;
  has(id: string): boolean;
  /** There is a record of it, of that round. */
  see(id: string, round: number): void;
  /** Such a record was seen, of its least round or a later one. */
  isSeen(id: string): boolean;
  size(): number;
}

interface Slots {
  high: Uint32Array;
  low: Uint32Array;
  /** 0: the slot is free. */
  leastRound: Uint32Array;
  seen: Uint8Array;
}

const slotsOf = (count: number): Slots => ({
  high: new Uint32Array(count),
  low: new Uint32Array(count),
  leastRound: new Uint32Array(count),
  seen: new Uint8Array(count),
});

const { imul } = Math;

/** Two mixed lanes over the characters, as cyrb53 has them. */
const hashOf = (id: string): { high: number; low: number } => {
  let one = 0xdeadbeef;
  let two = 0x41c6ce57;
  for (let at = 0; at < id.length; at++) {
    const character = id.charCodeAt(at);
    one = imul(one ^ character, 2654435761);
    two = imul(two ^ character, 1597334677);
  }
  one = imul(one ^ (one >>> 16), 2246822507) ^ imul(two ^ (two >>> 13), 3266489909);
  two = imul(two ^ (two >>> 16), 2246822507) ^ imul(one ^ (one >>> 13), 3266489909);
  return { high: two >>> 0, low: one >>> 0 };
};

const fewestSlots = 1024;

export const openWantedIds = (): WantedIds => {
  let slots = slotsOf(fewestSlots);
  let size = 0;

  /** The slot that has it, or the free one where it would be; at most half of them are taken. */
  const find = (high: number, low: number): number => {
    const mask = slots.high.length - 1;
    let at = low & mask;
    while (slots.leastRound[at] !== 0 && (slots.high[at] !== high || slots.low[at] !== low)) at = (at + 1) & mask;
    return at;
  };

  const slotOf = (id: string): number | undefined => {
    const { high, low } = hashOf(id);
    const at = find(high, low);
    return slots.leastRound[at] === 0 ? undefined : at;
  };

  const put = (high: number, low: number, leastRound: number, seen: number): void => {
    const at = find(high, low);
    slots.high[at] = high;
    slots.low[at] = low;
    slots.leastRound[at] = leastRound;
    slots.seen[at] = seen;
  };

  const grow = (): void => {
    const { high, low, leastRound, seen } = slots;
    slots = slotsOf(high.length * 2);
    for (const [at, round] of leastRound.entries()) {
      if (round > 0) put(high[at] ?? 0, low[at] ?? 0, round, seen[at] ?? 0);
    }
  };

  return {
    add(id, leastRound) {
      const { high, low } = hashOf(id);
      if (slots.leastRound[find(high, low)] !== 0) return;
      size++;
      if (size * 2 > slots.high.length) grow();
      put(high, low, Math.max(1, leastRound), 0);
    },
    has: (id) => slotOf(id) !== undefined,
    see(id, round) {
      const at = slotOf(id);
      if (at !== undefined && round >= (slots.leastRound[at] ?? 0)) slots.seen[at] = 1;
    },
    isSeen(id) {
      const at = slotOf(id);
      return at !== undefined && slots.seen[at] === 1;
    },
    size: () => size,
  };
};
