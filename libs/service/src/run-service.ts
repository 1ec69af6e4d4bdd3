import { readFileSync } from 'node:fs';
import type { Settings } from '@bellwire/config';
import { openLogger, runProcess, type Logger, type Scope } from '@bellwire/lifecycle';
import { openKafkaLog, topicSpecs, type KafkaSasl, type KafkaTls, type Log } from '@bellwire/messaging';
import { addressesFrom } from './addresses.ts';
import { contextFor, openContext, type ServiceContext } from './context.ts';
import { settingsOrExit } from './settings-or-exit.ts';
import { makeTellDropped } from './tell-dropped.ts';
import { topicsFrom } from './topics-from.ts';

/** What a service apart cannot do without, and a suite in one process generates. */
const requiredFrom = (settings: Settings) => {
  const { BELLWIRE_ADMIN_KEY: adminKey, BELLWIRE_MASTER_KEY: masterKey, BELLWIRE_DATABASE_URL: databaseUrl } = settings;
  const missing = Object.entries({
    BELLWIRE_ADMIN_KEY: adminKey,
    BELLWIRE_MASTER_KEY: masterKey,
    BELLWIRE_DATABASE_URL: databaseUrl,
    BELLWIRE_KAFKA_BROKERS: settings.BELLWIRE_KAFKA_BROKERS[0],
  }).flatMap(([name, value]) => (value === undefined ? [name] : []));
  if (missing.length > 0 || adminKey === undefined || masterKey === undefined || databaseUrl === undefined) {
    throw new Error(`A service in a process of its own needs ${missing.join(', ')}.`);
  }
  return { adminKey, masterKey, databaseUrl };
};

/** @throws Error where a mechanism is set without user name and password */
const saslFrom = (settings: Settings): KafkaSasl | undefined => {
  const mechanism = settings.BELLWIRE_KAFKA_SASL_MECHANISM;
  if (mechanism === undefined) return undefined;
  const { BELLWIRE_KAFKA_SASL_USERNAME: username, BELLWIRE_KAFKA_SASL_PASSWORD: password } = settings;
  if (username === undefined || password === undefined) {
    throw new Error(
      'BELLWIRE_KAFKA_SASL_MECHANISM needs BELLWIRE_KAFKA_SASL_USERNAME and BELLWIRE_KAFKA_SASL_PASSWORD.',
    );
  }
  return { mechanism, username, password };
};

const tlsFrom = (settings: Settings): KafkaTls | boolean => {
  const file = settings.BELLWIRE_KAFKA_TLS_CA;
  if (!settings.BELLWIRE_KAFKA_TLS || file === undefined) return settings.BELLWIRE_KAFKA_TLS;
  return { ca: readFileSync(file, 'utf8') };
};

/** The log of a service apart: Kafka, with its topics made and checked. */
export const openKafka = async (scope: Scope, log: Logger, settings: Settings, clientId: string): Promise<Log> => {
  const eventLog = await openKafkaLog({
    brokers: settings.BELLWIRE_KAFKA_BROKERS,
    clientId,
    prefix: settings.BELLWIRE_TOPIC_PREFIX,
    sasl: saslFrom(settings),
    tls: tlsFrom(settings),
    replicationFactor: settings.BELLWIRE_KAFKA_REPLICATION === 0 ? undefined : settings.BELLWIRE_KAFKA_REPLICATION,
    onError: (error) => log.warn({ err: error }, 'log.failed'),
    onDropped: makeTellDropped(log),
  });
  scope.own('log', eventLog);
  await eventLog.topics(topicSpecs(topicsFrom(settings)));
  return eventLog;
};

/**
 * Runs one service as a process of its own, on Kafka and Postgres: what `main.ts` of an app calls. Services may start in
 * any order; each says on standard output where it listens.
 */
export const runService = async (
  name: string,
  compose: (context: ServiceContext) => Promise<{ port: number }>,
): Promise<void> => {
  const settings = settingsOrExit();
  const log = openLogger({ level: settings.BELLWIRE_LOG_LEVEL });
  await runProcess({
    log: log.child({ service: name }),
    start: async (scope, onFailure) => {
      const required = requiredFrom(settings);
      const eventLog = await openKafka(scope, log.child({ service: name }), settings, name);
      const addressOf = addressesFrom(settings);
      const context = await openContext({ scope, log, settings, ...required, eventLog, addressOf, onFailure });
      const { port } = await compose(contextFor(context, name));
      process.stdout.write(`${name} is ready on ${settings.BELLWIRE_HOST}:${port}\n`);
    },
  });
};
