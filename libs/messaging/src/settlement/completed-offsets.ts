/** Offsets from `first` to `last`, both included. */
export interface OffsetRange {
  first: number;
  last: number;
}

/** Completions as commit metadata, and how many of them did not fit: a restart repeats those, and nothing worse. */
interface Encoded {
  text: string;
  dropped: number;
}

/** What is done after an offset by either of two lists, each in order. */
export const doneByEither = (
  offset: number,
  one: readonly OffsetRange[],
  other: readonly OffsetRange[],
): readonly OffsetRange[] => {
  const all = [...one, ...other].filter(({ last }) => last >= offset).toSorted((a, b) => a.first - b.first);
  const joined: OffsetRange[] = [];
  for (const { first, last } of all) {
    const before = joined.at(-1);
    if (before === undefined || first > before.last + 1) joined.push({ first: Math.max(first, offset), last });
    else before.last = Math.max(before.last, last);
  }
  return joined;
};

const lengthOf = ({ first, last }: OffsetRange): number => last - first + 1;

const withVersion = (version: '1' | '2', bytes: Uint8Array | readonly number[]): string =>
  bytes.length === 0 ? '' : `${version}${Buffer.from(bytes).toString('base64')}`;

const asRanges = (base: number, ranges: readonly OffsetRange[], room: number): Encoded => {
  const bytes: number[] = [];
  let end = base;
  let dropped = 0;
  for (const range of ranges) {
    const pair = [...varint(range.first - end), ...varint(lengthOf(range))];
    if (dropped > 0 || bytes.length + pair.length > room) dropped += lengthOf(range);
    else {
      bytes.push(...pair);
      end = range.last + 1;
    }
  }
  return { text: withVersion('1', bytes), dropped };
};

const asBits = (base: number, ranges: readonly OffsetRange[], room: number): Encoded => {
  const reach = room * 8;
  const span = Math.min(reach, (ranges.at(-1)?.last ?? base - 1) - base + 1);
  const bits = Buffer.alloc(Math.ceil(span / 8));
  let dropped = 0;
  for (const { first, last } of ranges)
    for (let at = first - base; at <= last - base; at++)
      if (at >= reach) dropped++;
      else bits.writeUInt8(bits.readUInt8(at >> 3) | (1 << (at & 7)), at >> 3);
  return { text: withVersion('2', bits), dropped };
};

/**
 * Offsets that are done beyond the committed one, as commit metadata. In ranges where they fit, else in bits: 4,000 bytes
 * hold whatever is done among 23,000 offsets.
 *
 * | part   | what                                                                                              |
 * | ------ | ------------------------------------------------------------------------------------------------- |
 * | `1`    | version: ranges                                                                                   |
 * | base64 | for each range two varints (LEB128): distance from the end of the last one, its length            |
 * | `2`    | version: bits                                                                                     |
 * | base64 | one bit an offset from the committed one on, the lowest of a byte first: 1 where it is done        |
 */
export const encodeCompleted = (base: number, ranges: readonly OffsetRange[], maxBytes: number): Encoded => {
  const room = Math.floor((maxBytes - 1) / 4) * 3;
  const encoded = asRanges(base, ranges, room);
  if (encoded.dropped === 0) return encoded;
  const bits = asBits(base, ranges, room);
  return bits.dropped < encoded.dropped ? bits : encoded;
};

const rangesOfBits = (base: number, bits: Buffer): readonly OffsetRange[] => {
  const ranges: OffsetRange[] = [];
  let run: OffsetRange | undefined;
  for (let at = 0; at < bits.length * 8; at++) {
    const isDone = ((bits[at >> 3] ?? 0) >> (at & 7)) & 1;
    if (isDone === 0) run = undefined;
    else if (run === undefined) ranges.push((run = { first: base + at, last: base + at }));
    else run.last = base + at;
  }
  return ranges;
};

/** What encodeCompleted wrote; anything else reads as nothing done. */
export const decodeCompleted = (base: number, text: string): readonly OffsetRange[] => {
  if (!/^[12][A-Za-z0-9+/]+={0,2}$/.test(text)) return [];
  const bytes = Buffer.from(text.slice(1), 'base64');
  if (text.startsWith('2')) return rangesOfBits(base, bytes);
  const numbers = varints(bytes);
  const ranges: OffsetRange[] = [];
  let end = base;
  for (let at = 0; at < numbers.length; at += 2) {
    const first = end + (numbers[at] ?? 0);
    const length = numbers[at + 1] ?? 0;
    if (length < 1 || !Number.isSafeInteger(first + length)) return [];
    ranges.push({ first, last: first + length - 1 });
    end = first + length;
  }
  return ranges;
};

/** By division: offsets may be beyond 32 bits. */
const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
};

const varints = (bytes: Buffer): number[] => {
  const numbers: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte & 127) * factor;
    factor *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    factor = 1;
  }
  return factor === 1 ? numbers : [];
};
