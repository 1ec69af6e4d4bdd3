import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openKafka, openPostgres } from '@bellwire/provision';

export interface Servers {
  close(): Promise<void>;
}

const brokersVariable = 'BELLWIRE_TEST_KAFKA_BROKERS';
const databaseVariable = 'BELLWIRE_TEST_DATABASE_URL';

/** Kafka and Postgres for a run without jest: where their addresses are not given, started and put in the variables. */
export const openServers = async (log: (sentence: string) => void): Promise<Servers> => {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'bellwire-faults-'));
  const [kafka, postgres] = await Promise.all([
    openKafka({
      dataDir,
      givenBrokers: process.env[brokersVariable]?.split(',') ?? [],
      variable: brokersVariable,
      log,
    }),
    openPostgres({
      dataDir,
      givenUrl: process.env[databaseVariable],
      variable: databaseVariable,
      databases: [],
      settings: { max_connections: 200 },
      log,
    }),
  ]);
  process.env[brokersVariable] = kafka.brokers.join(',');
  process.env[databaseVariable] = postgres.superuserUrl();
  return {
    close: async () => {
      await Promise.all([kafka.close(), postgres.close()]);
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
