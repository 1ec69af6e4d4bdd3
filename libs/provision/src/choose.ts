/** A source, or why it is not there, as a clause. */
export type Candidate<Facts, Source> = (facts: Facts) => Source | string;

/**
 * The first candidate that is there.
 *
 * @throws {Error} a sentence with the reason against each, when there is none.
 */
export const firstOf = <Facts, Source extends object>(
  what: string,
  candidates: readonly Candidate<Facts, Source>[],
  facts: Facts,
): Source => {
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const result = candidate(facts);
    if (typeof result !== 'string') return result;
    reasons.push(result);
  }
  throw new Error(`There is no ${what} to use: ${reasons.join('; ')}.`);
};
