/** Offsets from `first` to `last`, both included. */
export interface OffsetRange {
  first: number;
  last: number;
}

/**
 * Offsets that are done beyond the committed one, as commit metadata:
 *
 * | part    | what                                                                                  |
 * | ------- | ------------------------------------------------------------------------------------- |
 * | `1`     | version                                                                               |
 * | base64  | for each range two varints (LEB128): distance from the end of the last one, its length |
 */
export const encodeCompleted = (
  base: number,
  ranges: readonly OffsetRange[],
  maxBytes: number,
): { text: string; dropped: number } => {
  const room = Math.floor((maxBytes - 1) / 4) * 3;
  const bytes: number[] = [];
  let end = base;
  let dropped = 0;
  for (const { first, last } of ranges) {
    const length = last - first + 1;
    const pair = [...varint(first - end), ...varint(length)];
    // What does not fit is repeated after a restart, and nothing worse.
    if (dropped > 0 || bytes.length + pair.length > room) dropped += length;
    else {
      bytes.push(...pair);
      end = last + 1;
    }
  }
  return { text: bytes.length === 0 ? '' : `1${Buffer.from(bytes).toString('base64')}`, dropped };
};

/** What encodeCompleted wrote; anything else reads as nothing done. */
export const decodeCompleted = (base: number, text: string): readonly OffsetRange[] => {
  if (!/^1[A-Za-z0-9+/]+={0,2}$/.test(text)) return [];
  const numbers = varints(Buffer.from(text.slice(1), 'base64'));
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
