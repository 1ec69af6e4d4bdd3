/**
 * What a commit says of the life of its owner, in front of the completed offsets (completed-offsets.ts): a partition that
 * was let go in order has no mark, so a mark that the next owner finds is of one that ended without a word.
 *
 * | part | what                                                                                        |
 * | ---- | ------------------------------------------------------------------------------------------- |
 * | `!`  | a mark                                                                                      |
 * | a    | lives before this one that ended without a word, in a row, base 36                          |
 * | `.b` | with which care (caution.ts): 0 freely, 1 few at a time, 2 one at a time, 3 alone             |
 * | `.c` | the newest record that was handed over: distance from the one before the committed offset   |
 * | `;`  | the end                                                                                     |
 */
export interface LifeMark {
  crashes: number;
  caution: 0 | 1 | 2 | 3;
  /** Offset of the newest record that was handed over. */
  newest: number;
}

export const encodeLife = (base: number, mark: LifeMark | undefined): string => {
  if (mark === undefined) return '';
  const ahead = Math.max(0, mark.newest - base + 1);
  return `!${mark.crashes.toString(36)}.${mark.caution}.${ahead.toString(36)};`;
};

const cautions = [0, 1, 2, 3] as const;

/** What encodeLife wrote, and what follows it; anything else is no mark. */
export const decodeLife = (base: number, text: string): { mark: LifeMark | undefined; rest: string } => {
  const found = /^!([0-9a-z]{1,6})\.([0-3])\.([0-9a-z]{1,11});/.exec(text);
  if (found === null) return { mark: undefined, rest: text };
  const [whole, crashes = '0', caution = '0', ahead = '0'] = found;
  const mark: LifeMark = {
    crashes: Number.parseInt(crashes, 36),
    caution: cautions[Number(caution)] ?? 0,
    newest: base - 1 + Number.parseInt(ahead, 36),
  };
  return { mark, rest: text.slice(whole.length) };
};
