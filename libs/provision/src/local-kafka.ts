import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { holdDataFolder } from './hold-data-folder.ts';
import { startBroker, type Broker } from './kafka/broker.ts';
import { hasKafkaJars, kafkaJars } from './kafka/jars.ts';
import { javaProblem, mavenProblem } from './kafka/java.ts';
import { stopLeftoverBroker } from './kafka/leftover.ts';
import type { KafkaNode, KafkaSettings } from './kafka/properties.ts';

export interface LocalKafkaOptions {
  /** Everything lies in its folder `kafka`: data, settings, server.log. Made when absent. */
  dataDir: string;
  /** Of 127.0.0.1; give the same one again so that clients of a broker that was killed find the next. @default a free one */
  port?: number;
  /** The largest heap, in MiB. @default 512 */
  heapMb?: number;
  /** Over our own, named as in server.properties. The listener of clients is called CLIENT. */
  settings?: KafkaSettings;
  /** Known to SCRAM-SHA-256 and SCRAM-SHA-512 from the first start on. @default nobody */
  scramUser?: { name: string; password: string };
  /** Of {@link planKafkaNodes}, where it is one of several. @default the only one */
  node?: KafkaNode;
  /** Where Kafka's jars are kept. @default ~/.cache/bellwire */
  cacheDir?: string;
  /** Told in sentences what takes time or goes wrong. */
  log?: (sentence: string) => void;
}

export interface LocalKafka {
  brokers: readonly string[];
  port: number;
  /** Of the broker: to be killed by tests. */
  pid: number;
  /** Resolves when the broker has ended, whoever ended it; the folder may be opened again then. */
  ended: Promise<void>;
  /** Stops the broker; may be called twice. */
  close(): Promise<void>;
}

/** Why Kafka cannot be run from its own jars on this machine, as a clause; undefined when it can. */
export const localKafkaProblem = async (cacheDir?: string): Promise<string | undefined> =>
  (await javaProblem()) ?? (hasKafkaJars(cacheDir) ? undefined : await mavenProblem());

/**
 * One Apache Kafka broker of our own on 127.0.0.1, from its jars, for one process: a few seconds, and half a minute more
 * the first time ever. A broker left by a killed process is stopped first.
 *
 * @throws {Error} a sentence: the folder is in use, what Maven said, or what Kafka said.
 */
export const openLocalKafka = async (options: LocalKafkaOptions): Promise<LocalKafka> => {
  const { dataDir, port, heapMb = 512, settings = {}, cacheDir, scramUser, node, log = () => undefined } = options;
  const jars = await kafkaJars({ cacheDir, log });
  mkdirSync(path.join(dataDir, 'kafka'), { recursive: true, mode: 0o700 });
  const folder = realpathSync(path.join(dataDir, 'kafka'));
  const held = await holdDataFolder(folder);
  let broker: Broker;
  try {
    if (await stopLeftoverBroker(folder)) log(`Stopped a Kafka that a killed process left in ${folder}.`);
    broker = await startBroker({ folder, jars, port, heapMb, settings, scramUser, node });
  } catch (error) {
    await held.release();
    throw error;
  }
  let closing: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    await broker.ended;
    await held.release();
    if (closing === undefined) log(`Kafka in ${folder} ended by itself; see ${path.join(folder, 'server.log')}.`);
  };
  const ended = release();
  const end = async (): Promise<void> => {
    await broker.stop();
    await ended;
  };
  return {
    brokers: [`127.0.0.1:${broker.port}`],
    port: broker.port,
    pid: broker.pid,
    ended,
    close: () => (closing ??= end()),
  };
};

/** Stops the broker that a killed process left in `dataDir`, if there is one; for who is about to remove the folder. */
export const stopLeftoverKafka = async (dataDir: string): Promise<void> => {
  const folder = path.join(dataDir, 'kafka');
  if (!existsSync(folder)) return;
  const held = await holdDataFolder(folder);
  try {
    await stopLeftoverBroker(held.path);
  } finally {
    await held.release();
  }
};
