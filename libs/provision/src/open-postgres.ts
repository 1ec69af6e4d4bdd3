import { choosePostgres, type PostgresSource } from './choose-postgres.ts';
import { openContainerPostgres } from './containers/container-postgres.ts';
import { dockerProblem } from './containers/docker.ts';
import { openEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts';
import { embeddedPostgresProblem } from './postgres/binaries.ts';

export interface PostgresOptions extends EmbeddedPostgresOptions {
  /** An address from a setting. */
  givenUrl: string | undefined;
  /** The setting's name, for the sentence. @default BELLWIRE_DATABASE_URL */
  variable?: string;
}

export interface Postgres {
  source: PostgresSource['kind'];
  /** For services; an address that was given, whatever the database. */
  url(database: string): string;
  /** For maintenance and tests; an address that was given, as it is. */
  superuserUrl(database?: string): string;
  /** The server of our own, where it is one: it can be opened again when it has ended. */
  embedded?: EmbeddedPostgres;
  /** Stops what was started; an address that was given is left alone. */
  close(): Promise<void>;
}

/**
 * Finds or starts a Postgres whose data may go with it: an address given, a container, the embedded binaries. `npm start`
 * does without the container.
 *
 * @throws {Error} a sentence with the reason against each, or what the one that was chosen said.
 */
export const openPostgres = async (options: PostgresOptions): Promise<Postgres> => {
  const { givenUrl, variable, databases, settings, log = () => undefined } = options;
  const problem = givenUrl === undefined ? await dockerProblem() : undefined;
  const facts = { givenUrl, variable, container: { problem }, embeddedProblem: embeddedPostgresProblem() };
  const source = choosePostgres(facts);
  switch (source.kind) {
    case 'given':
      return {
        source: source.kind,
        url: () => source.url,
        superuserUrl: () => source.url,
        close: async () => undefined,
      };
    case 'container':
      return { source: source.kind, ...(await openContainerPostgres({ databases, settings, log })) };
    case 'embedded': {
      const embedded = await openEmbeddedPostgres(options);
      const { url, superuserUrl, close } = embedded;
      return { source: source.kind, url, superuserUrl, embedded, close };
    }
  }
};
