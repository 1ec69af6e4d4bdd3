import kafkajs, {
  type Cluster,
  type ISocketFactory,
  type Kafka,
  type KafkaConfig,
  type logCreator,
  type SASLOptions,
} from 'kafkajs';
import { quietTimers } from './quiet-timers.ts';
import { withstandSetClock } from './set-clock.ts';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export interface KafkaSasl {
  mechanism: SaslMechanism;
  username: string;
  password: string;
}

/** PEM texts. */
export interface KafkaTls {
  /** Whom to trust. @default the authorities that Node knows */
  ca?: string;
  /** Ours, where the broker asks for one. */
  cert?: string;
  key?: string;
}

export interface ConnectionOptions {
  brokers: readonly string[];
  clientId: string;
  sasl?: KafkaSasl;
  tls?: boolean | KafkaTls;
  /** How connections are made: for a proxy, and for tests that cut them. @default with node:net and node:tls */
  socketFactory?: ISocketFactory;
  onError: (error: unknown) => void;
}

/** Makes clients of one cluster. A consumer has one of its own: kafkajs shares what it knows of groups within a client. */
export type NewClient = (role: { requestTimeoutMs: number; retries: number; maxRetryMs: number }) => Kafka;

// Parts of a rebalance, and topics that are on their way to a broker. What lasts ends in an error of its own.
const routine =
  /rebalanc|re-joining|not aware of this member|generation|coordinator|does not host this topic|no leader|leadership/i;
const sameAgainMs = 10_000;

/** kafkajs's errors, each text at most once in ten seconds. */
const errorLog = (onError: (error: unknown) => void): logCreator => {
  const saidAtMs = new Map<string, number>();
  return () =>
    ({ namespace, log }) => {
      const detail: unknown = log['error'];
      const text = `kafkajs ${namespace}: ${log.message}${typeof detail === 'string' ? ` (${detail})` : ''}`;
      const nowMs = performance.now();
      if (routine.test(text) || nowMs - (saidAtMs.get(text) ?? -sameAgainMs) < sameAgainMs) return;
      if (saidAtMs.size > 100) saidAtMs.clear();
      saidAtMs.set(text, nowMs);
      onError(new Error(text));
    };
};

/** kafkajs wants to know which of the three it is. */
const saslOf = ({ mechanism, username, password }: KafkaSasl): SASLOptions => {
  if (mechanism === 'plain') return { mechanism, username, password };
  if (mechanism === 'scram-sha-256') return { mechanism, username, password };
  return { mechanism, username, password };
};

export const clientMaker = ({ brokers, clientId, sasl, tls, socketFactory, onError }: ConnectionOptions): NewClient => {
  quietTimers();
  withstandSetClock();
  const shared: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
    ...(tls === undefined || tls === false ? {} : { ssl: tls }),
    ...(socketFactory === undefined ? {} : { socketFactory }),
    connectionTimeout: 3000,
    authenticationTimeout: 5000,
    logLevel: kafkajs.logLevel.ERROR,
    logCreator: errorLog(onError),
  };
  return ({ requestTimeoutMs, retries, maxRetryMs }) =>
    new kafkajs.Kafka({
      ...shared,
      requestTimeout: requestTimeoutMs,
      // Whole, because kafkajs has other defaults where NODE_ENV is "test".
      retry: { initialRetryTime: 50, maxRetryTime: maxRetryMs, multiplier: 2, factor: 0.2, retries },
    });
};

/** Connections to the brokers below kafkajs's producers and consumers. It hands them to who assigns partitions. */
export const clusterOf = (client: Kafka): Cluster => {
  let found: Cluster | undefined;
  client.consumer({
    groupId: 'none',
    readUncommitted: true,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 1,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (found === undefined) throw new Error('This kafkajs does not hand out its cluster.');
  return found;
};
