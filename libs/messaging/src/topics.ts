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

export interface TopicSettings {
  /** Partitions of events, deliveries, audit and dead-letters. */
  partitions: number;
  tiers: readonly { name: string; delayMs: number }[];
}

const dayMs = 24 * 60 * 60 * 1000;

/** Every topic of the suite. A tier keeps its records for at least three times its own length. */
export const topicSpecs = ({ partitions, tiers }: TopicSettings): readonly TopicSpec[] => [
  { name: topicNames.events, partitions, retentionMs: 7 * dayMs, cleanup: 'delete' },
  { name: topicNames.deliveries, partitions, retentionMs: 7 * dayMs, cleanup: 'delete' },
  ...tiers.map((tier): TopicSpec => ({
    name: topicNames.retries(tier.name),
    partitions,
    retentionMs: Math.max(7 * dayMs, 3 * tier.delayMs),
    cleanup: 'delete',
  })),
  { name: topicNames.deadLetters, partitions, retentionMs: 30 * dayMs, cleanup: 'delete' },
  { name: topicNames.audit, partitions, retentionMs: 7 * dayMs, cleanup: 'delete' },
  { name: topicNames.endpointState, partitions, retentionMs: dayMs, cleanup: 'compact' },
  { name: topicNames.registryChanges, partitions: 1, retentionMs: dayMs, cleanup: 'compact' },
];
