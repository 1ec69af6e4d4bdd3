import { firstOf, type Candidate } from './choose.ts';

/** What was found out about this machine, before anything is opened. */
export interface PostgresFacts {
  /** The address in BELLWIRE_DATABASE_URL, if there is one. */
  givenUrl: string | undefined;
  /** Its name, for the sentence. @default BELLWIRE_DATABASE_URL */
  variable?: string;
  /**
   * Absent where a container will not do because its data go with it (`npm start`). Otherwise why none can be started,
   * as a clause; undefined when one can.
   */
  container?: { problem: string | undefined };
  /** Why the embedded binaries cannot be used, as a clause; undefined when they can. */
  embeddedProblem: string | undefined;
}

export type PostgresSource = { kind: 'given'; url: string } | { kind: 'container' } | { kind: 'embedded' };

type PostgresCandidate = Candidate<PostgresFacts, PostgresSource>;

const given: PostgresCandidate = ({ givenUrl, variable = 'BELLWIRE_DATABASE_URL' }) =>
  givenUrl === undefined ? `${variable} is not set` : { kind: 'given', url: givenUrl };

const container: PostgresCandidate = (facts) => facts.container?.problem ?? { kind: 'container' };

const embedded: PostgresCandidate = ({ embeddedProblem }) => embeddedProblem ?? { kind: 'embedded' };

/**
 * Which Postgres is used: that of the address given, a container where one will do, or the embedded binaries.
 *
 * @throws {Error} a sentence with the reason against each, when there is none.
 */
export const choosePostgres = (facts: PostgresFacts): PostgresSource => {
  const candidates = facts.container === undefined ? [given, embedded] : [given, container, embedded];
  return firstOf<PostgresFacts, PostgresSource>('Postgres', candidates, facts);
};
