import { z } from 'zod';
import {
  address,
  addresses,
  cidrs,
  decimal,
  delayTiers,
  flag,
  hostName,
  integer,
  listOf,
  oneOf,
  optionalText,
  postgresUrl,
  text,
} from './setting.ts';

/** A year at most. */
const hours = (fallback: number) => integer(fallback, { min: 1, max: 8760 });
const port = (fallback: number) => integer(fallback, { min: 0, max: 65_535 });

/**
 * Every setting of the suite, once: the variable, what it may be, its default, and one sentence.
 * docs/configuration.md is made from this table, and a BELLWIRE_ variable that is not in it is an error.
 */
export const settingsTable = z.object({
  BELLWIRE_DATA_DIR: text('.bellwire').describe('Folder of the embedded database, the generated keys and the lock.'),
  BELLWIRE_KAFKA_BROKERS: addresses().describe(
    'Kafka bootstrap servers, separated by commas; unset: the embedded log.',
  ),
  BELLWIRE_DATABASE_URL: postgresUrl().describe('Postgres URL; unset: the embedded Postgres.'),
  BELLWIRE_ADMIN_KEY: optionalText(32).describe(
    'Bootstrap admin key, 32 characters or more; generated into the data folder and printed when unset.',
  ),
  BELLWIRE_MASTER_KEY: optionalText(32).describe(
    'Encrypts secrets at rest, 32 characters or more; generated into the data folder in the embedded mode, required otherwise.',
  ),
  BELLWIRE_HOST: hostName('127.0.0.1').describe('Address that every port listens on.'),
  BELLWIRE_HTTP_PORT: port(8080).describe('Port of the REST gateway.'),
  BELLWIRE_REGISTRY_PORT: port(50_051).describe('gRPC port of registry.'),
  BELLWIRE_INGESTION_PORT: port(50_052).describe('gRPC port of ingestion.'),
  BELLWIRE_DISPATCHER_PORT: port(50_053).describe('gRPC port of dispatcher.'),
  BELLWIRE_AUDIT_PORT: port(50_054).describe('gRPC port of audit.'),
  BELLWIRE_REGISTRY_ADDRESS: address().describe('Where others find registry, host:port; unset: its port on this host.'),
  BELLWIRE_INGESTION_ADDRESS: address().describe(
    'Where others find ingestion, host:port; unset: its port on this host.',
  ),
  BELLWIRE_DISPATCHER_ADDRESS: optionalText().describe(
    'Where others find a dispatcher: host:port, or ipv4:host:port,host:port for several; unset: its port on this host.',
  ),
  BELLWIRE_AUDIT_ADDRESS: address().describe('Where others find audit, host:port; unset: its port on this host.'),
  BELLWIRE_TOPIC_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,64}$/, 'must be up to 64 letters, digits, dots, underscores and hyphens')
    .prefault('')
    .describe('Put before every topic and group, so that several suites can share one Kafka.'),
  BELLWIRE_KAFKA_TLS: flag(false).describe('Speaks TLS to Kafka.'),
  BELLWIRE_KAFKA_TLS_CA: optionalText().describe(
    'File with the certificates that Kafka is trusted by; unset: the system.',
  ),
  BELLWIRE_KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'], 'must be plain, scram-sha-256 or scram-sha-512')
    .optional()
    .describe('How Kafka is told who calls; unset: it is not told.'),
  BELLWIRE_KAFKA_SASL_USERNAME: optionalText().describe('User name at Kafka, with a mechanism.'),
  BELLWIRE_KAFKA_SASL_PASSWORD: optionalText().describe('Password at Kafka, with a mechanism.'),
  BELLWIRE_KAFKA_REPLICATION: integer(0, { min: 0, max: 10 }).describe(
    "Replicas of topics that are made; 0: the brokers' own default.",
  ),
  BELLWIRE_PARTITIONS: integer(8, { min: 1, max: 1024 }).describe(
    'Partitions of each topic, fixed when the topic is created.',
  ),
  BELLWIRE_RETRY_TIERS: delayTiers('1s 5s 15s 1m 5m 30m 2h 8h').describe(
    'Delay tiers, each one topic; any retry schedule is served by them.',
  ),
  BELLWIRE_DISPATCHER_ROLES: listOf(['router', 'deliverer', 'delayer']).describe(
    'What this dispatcher runs, so that the three can be scaled apart.',
  ),
  BELLWIRE_MAX_PAYLOAD_BYTES: integer(262_144, { min: 1024, max: 1_048_576 }).describe(
    'Largest data of an event, in bytes as published.',
  ),
  BELLWIRE_MAX_CONCURRENCY: integer(64, { min: 1, max: 1000 }).describe(
    'Requests in flight to one endpoint, where it sets no limit itself.',
  ),
  BELLWIRE_MAX_IN_FLIGHT: integer(512, { min: 1, max: 10_000 }).describe(
    'Deliveries of one dispatcher that are started and not yet recorded: what a crash may repeat.',
  ),
  BELLWIRE_MAX_ENDPOINTS_PER_TENANT: integer(200_000, { min: 1, max: 10_000_000 }).describe(
    'Endpoints that one tenant may have; one more is refused with QUOTA_EXCEEDED.',
  ),
  BELLWIRE_DELIVERY_DEADLINE_HOURS: integer(168, { min: 1, max: 720 }).describe(
    'Longest life of a round of a delivery, in hours.',
  ),
  BELLWIRE_DISABLE_AFTER_HOURS: decimal(120, { min: 0, max: 8760 }).describe(
    'An endpoint whose attempts have all failed for so many hours is disabled; 0: never.',
  ),
  BELLWIRE_EGRESS_ALLOW_CIDRS: cidrs().describe(
    'Networks that requests may reach beyond the public ones, separated by commas. Where neither this nor ' +
      '`BELLWIRE_EGRESS_ALLOW_HTTP` is set, `npm start` and `npm run cluster` are for development: they allow ' +
      '`127.0.0.0/8,::1/128` and plain http. A service that is started alone does not.',
  ),
  BELLWIRE_EGRESS_ALLOW_HTTP: flag(false).describe(
    'Allows plain http to endpoints (development). Where neither this nor `BELLWIRE_EGRESS_ALLOW_CIDRS` is set: see there.',
  ),
  BELLWIRE_REQUESTS_PER_MINUTE: integer(6000, { min: 1, max: 1_000_000 }).describe(
    'REST calls a minute per API key, publishing apart.',
  ),
  BELLWIRE_MAX_REQUEST_BYTES_IN_FLIGHT: integer(67_108_864, { min: 16_384, max: 17_179_869_184 }).describe(
    'Bytes of REST request bodies that a gateway holds at once; what comes beyond is answered 429 OVERLOADED.',
  ),
  BELLWIRE_RETENTION_DAYS: integer(30, { min: 1, max: 3650 }).describe(
    'Days for which audit keeps events, deliveries and attempts. What else is kept how long: docs/retention.md.',
  ),
  BELLWIRE_RETENTION_EVENTS_HOURS: hours(168).describe('Hours for which the log keeps the topic `events`.'),
  BELLWIRE_RETENTION_DELIVERIES_HOURS: hours(168).describe('Hours for which the log keeps the topic `deliveries`.'),
  BELLWIRE_RETENTION_RETRIES_HOURS: hours(168).describe(
    'Hours for which the log keeps the topics `retries.*`; a tier keeps three times its own length at least.',
  ),
  BELLWIRE_RETENTION_DEAD_LETTERS_HOURS: hours(720).describe('Hours for which the log keeps the topic `dead-letters`.'),
  BELLWIRE_RETENTION_AUDIT_LOG_HOURS: hours(168).describe('Hours for which the log keeps the topic `audit`.'),
  BELLWIRE_EMBEDDED_LOG_SETTLED_MINUTES: integer(60, { min: 0, max: 525_600 }).describe(
    'Minutes for which the embedded log keeps records that every consumer has settled.',
  ),
  BELLWIRE_RECONCILE_MINUTES: integer(60, { min: 0, max: 10_080 }).describe(
    'Minutes between two checks for deliveries that nothing works on any more; 0: only when asked.',
  ),
  BELLWIRE_RECONCILE_GRACE_SECONDS: integer(900, { min: 1, max: 604_800 }).describe(
    'Seconds past its time after which the check looks for a delivery.',
  ),
  BELLWIRE_LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info').describe(
    'The least severe lines that are logged.',
  ),
});

/** The value of every setting, by the name of its variable. */
export type Settings = z.output<typeof settingsTable>;
