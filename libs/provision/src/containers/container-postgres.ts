import { ensureDatabases, ownerPassword, ownerRole } from '../postgres/databases.ts';
import type { PostgresSettings } from '../postgres/cluster.ts';

const image = 'postgres:18-alpine';
const password = 'bellwire';

export interface ContainerPostgresOptions {
  /** Made when absent, owned by the role `bellwire`. */
  databases: readonly string[];
  settings?: PostgresSettings;
  log: (sentence: string) => void;
}

/** As EmbeddedPostgres has it. */
export interface ContainerPostgres {
  url(database: string): string;
  superuserUrl(database?: string): string;
  close(): Promise<void>;
}

/** A Postgres in a container of its own; its tables go with it. testcontainers removes what a killed process leaves. */
export const openContainerPostgres = async (options: ContainerPostgresOptions): Promise<ContainerPostgres> => {
  // Loaded only where it is used: it takes most of a second.
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  options.log(`Starting ${image} in a container.`);
  const settings = Object.entries(options.settings ?? {}).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const container = await new PostgreSqlContainer(image)
    .withUsername('postgres')
    .withPassword(password)
    .withDatabase('postgres')
    .withCommand(['postgres', '-c', 'max_connections=200', ...settings])
    .start();
  const at = `${container.getHost()}:${container.getPort()}`;
  const superuserUrl = (database = 'postgres') => `postgres://postgres:${password}@${at}/${database}`;
  const owner = ownerPassword(password);
  try {
    await ensureDatabases({ superuserUrl: superuserUrl(), password: owner, databases: options.databases });
  } catch (error) {
    await container.stop();
    throw error;
  }
  return {
    url: (database) => `postgres://${ownerRole}:${owner}@${at}/${database}`,
    superuserUrl,
    close: async () => void (await container.stop()),
  };
};
