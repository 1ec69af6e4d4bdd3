import { existsSync } from 'node:fs';
import path from 'node:path';
import { openEmbeddedLog, openKafkaLog, type Log } from '@bellwire/messaging';
import { openEmbeddedPostgres, openLocalKafka } from '@bellwire/provision';

/** The log of a product that has ended, to look into. */
export interface StoredLog {
  log: Log;
  close(): Promise<void>;
}

/** As the suite keeps it (apps/suite/src/storage.ts). */
const logDatabase = 'bellwire_log';

export const openEmbedded = async (dataDir: string): Promise<StoredLog> => {
  const postgres = await openEmbeddedPostgres({ dataDir, databases: [logDatabase] });
  const log = await openEmbeddedLog({ connectionString: postgres.url(logDatabase) });
  return {
    log,
    close: async () => {
      await log.close();
      await postgres.close();
    },
  };
};

const openBroker = async (dataDir: string): Promise<{ brokers: readonly string[]; close(): Promise<void> }> => {
  const folder = path.join(dataDir, 'cluster');
  if (!existsSync(path.join(folder, 'kafka')))
    throw new Error('Kafka ran in a container, and its records went with it');
  return openLocalKafka({ dataDir: folder });
};

/** @param given addresses of a Kafka that goes on; without, the broker that the cluster started is started again */
export const openKafka = async (dataDir: string, given: readonly string[]): Promise<StoredLog> => {
  const broker = given.length > 0 ? { brokers: given, close: async () => undefined } : await openBroker(dataDir);
  const log = await openKafkaLog({ clientId: 'bench', brokers: [...broker.brokers] });
  return {
    log,
    close: async () => {
      await log.close();
      await broker.close();
    },
  };
};
