/** What was found out about this machine, before anything is opened. */
export interface PostgresFacts {
  /** The address in BELLWIRE_DATABASE_URL, if there is one. */
  givenUrl: string | undefined;
  /** Why the embedded binaries cannot be used, as a clause; undefined when they can. */
  embeddedProblem: string | undefined;
}

export type PostgresSource = { kind: 'given'; url: string } | { kind: 'embedded' };

/** A source, or why it is not there, as a clause. */
type Candidate = (facts: PostgresFacts) => PostgresSource | string;

const given: Candidate = ({ givenUrl }) =>
  givenUrl === undefined ? 'BELLWIRE_DATABASE_URL is not set' : { kind: 'given', url: givenUrl };

const embedded: Candidate = ({ embeddedProblem }) => embeddedProblem ?? { kind: 'embedded' };

// In order of preference. A container started by testcontainers goes between the two.
const candidates: readonly Candidate[] = [given, embedded];

/**
 * Which Postgres is used.
 *
 * @throws {Error} a sentence with the reason against each, when there is none.
 */
export const choosePostgres = (facts: PostgresFacts): PostgresSource => {
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const result = candidate(facts);
    if (typeof result !== 'string') return result;
    reasons.push(result);
  }
  throw new Error(`There is no Postgres to use: ${reasons.join('; ')}.`);
};
