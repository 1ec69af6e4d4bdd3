import type { TopicSpec } from './log.ts';

/** Names of the topics, once. Key, message, producer and consumer of each: docs/topics in the README of this lib. */
export const topicNames = {
  /** Key: ordering key, or event id where there is an idempotency key, or none. EventRecord. ingestion → router, audit. */
  events: 'events',
  /** Key: endpoint id. DeliveryRecord. router, delayer, redelivery → deliverer. */
  deliveries: 'deliveries',
  /** Key: endpoint id. DeadLetterRecord. deliverer → audit. */
  deadLetters: 'dead-letters',
  /** No key. AuditBatch. router, deliverer → audit. */
  audit: 'audit',
  /** Key: kind/id. RegistryChange. registry → views. Compacted, one partition. */
  registryChanges: 'registry-changes',
  /** Key: endpoint id. EndpointStateRecord. deliverer → the next owner of the endpoint. Compacted, partitioned as deliveries. */
  endpointState: 'endpoint-state',
  /** Key: endpoint id. DeliveryRecord. deliverer → delayer → deliveries. */
  retries: (tier: string): string => `retries.${tier}`,
} as const;

/** Names of the groups that work off the topics, once. */
export const groupNames = { router: 'router', deliverer: 'deliverer', delayer: 'delayer', audit: 'audit' } as const;

const dayMs = 24 * 60 * 60 * 1000;

/** How long the log keeps the records of each class of topic, in milliseconds. */
export interface TopicRetention {
  readonly eventsMs: number;
  readonly deliveriesMs: number;
  readonly retriesMs: number;
  readonly deadLettersMs: number;
  readonly auditMs: number;
}

export const defaultRetention: TopicRetention = {
  eventsMs: 7 * dayMs,
  deliveriesMs: 7 * dayMs,
  retriesMs: 7 * dayMs,
  deadLettersMs: 30 * dayMs,
  auditMs: 7 * dayMs,
};

export interface TopicSettings {
  /** Partitions of events, deliveries, audit and dead-letters. */
  partitions: number;
  tiers: readonly { name: string; delayMs: number }[];
  /** @default defaultRetention */
  retention?: TopicRetention;
}

/** Every topic of the suite. A tier keeps its records for at least three times its own length, whatever is set. */
export const topicSpecs = ({
  partitions,
  tiers,
  retention = defaultRetention,
}: TopicSettings): readonly TopicSpec[] => [
  { name: topicNames.events, partitions, retentionMs: retention.eventsMs, cleanup: 'delete' },
  { name: topicNames.deliveries, partitions, retentionMs: retention.deliveriesMs, cleanup: 'delete' },
  ...tiers.map((tier): TopicSpec => ({
    name: topicNames.retries(tier.name),
    partitions,
    retentionMs: Math.max(retention.retriesMs, 3 * tier.delayMs),
    cleanup: 'delete',
  })),
  { name: topicNames.deadLetters, partitions, retentionMs: retention.deadLettersMs, cleanup: 'delete' },
  { name: topicNames.audit, partitions, retentionMs: retention.auditMs, cleanup: 'delete' },
  { name: topicNames.endpointState, partitions, retentionMs: dayMs, cleanup: 'compact' },
  { name: topicNames.registryChanges, partitions: 1, retentionMs: dayMs, cleanup: 'compact' },
];
