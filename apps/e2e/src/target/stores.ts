import path from 'node:path';
import { freshDatabase } from '@bellwire/testing';

const databases = new Map<string, Promise<{ url: string }>>();

/** Kafka and Postgres of the test run, with topics and a database of its own for each data folder. */
export const storesFor = async (dataDir: string): Promise<Record<string, string>> => {
  const brokers = process.env['BELLWIRE_TEST_KAFKA_BROKERS'];
  if (brokers === undefined) throw new Error('BELLWIRE_TEST_KAFKA_BROKERS is not set: run this with npm test');
  const database = databases.get(dataDir) ?? freshDatabase();
  databases.set(dataDir, database);
  return {
    BELLWIRE_KAFKA_BROKERS: brokers,
    BELLWIRE_DATABASE_URL: (await database).url,
    BELLWIRE_TOPIC_PREFIX: `${path.basename(dataDir)}.`,
    BELLWIRE_PARTITIONS: '4',
  };
};
