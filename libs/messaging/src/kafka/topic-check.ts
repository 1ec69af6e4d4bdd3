import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicSpec } from '../log.ts';
import { partitionsDiffer } from '../partitioner.ts';
import { maxRecordBytes } from '../record-limits.ts';
import { kafkaErrorType } from './faults.ts';

const dayMs = 24 * 60 * 60 * 1000;
const newTopicMs = 10_000;

/** The largest record, and the head of the batch that it is alone in. */
export const maxMessageBytes = maxRecordBytes + 1024;

export interface TopicCheckOptions {
  nameInKafka: (topic: string) => string;
  /** -1: the brokers' default. */
  replicationFactor: number;
}

/** How we make a topic. A batch counts as one message. */
export const topicSettings = (
  { cleanup, retentionMs }: TopicSpec,
  replicationFactor: number,
): Readonly<Record<string, string>> => ({
  'cleanup.policy': cleanup,
  'max.message.bytes': String(maxMessageBytes),
  // By the broker's clock: by ours, one that is set back would write records that are past their retention already.
  'message.timestamp.type': 'LogAppendTime',
  ...(replicationFactor >= 3 ? { 'min.insync.replicas': '2' } : {}),
  ...(cleanup === 'delete'
    ? { 'retention.ms': String(retentionMs) }
    : {
        // Tombstones stay as long; what is superseded is gone after a day.
        'delete.retention.ms': String(retentionMs),
        'max.compaction.lag.ms': String(dayMs),
        'min.cleanable.dirty.ratio': '0.1',
        'segment.ms': String(dayMs / 4),
      }),
});

/** What is wrong with a topic's settings, as clauses. More retention or larger messages than asked for are not. */
export const settingProblems = (spec: TopicSpec, found: Readonly<Record<string, string>>): readonly string[] => {
  const wanted = topicSettings(spec, -1);
  const isLess = (name: string): boolean => {
    const value = Number(found[name]);
    return found[name] !== undefined && value !== -1 && value < Number(wanted[name]);
  };
  const problems: string[] = [];
  const say = (name: string, need: string): void =>
    void problems.push(`${name} is ${found[name]} and ${need} is needed (set ${name}=${wanted[name]})`);

  if (found['cleanup.policy'] !== spec.cleanup) say('cleanup.policy', spec.cleanup);
  if ((found['message.timestamp.type'] ?? 'LogAppendTime') !== 'LogAppendTime')
    say('message.timestamp.type', 'LogAppendTime');
  for (const name of ['max.message.bytes', spec.cleanup === 'delete' ? 'retention.ms' : 'delete.retention.ms'])
    if (isLess(name)) say(name, `at least ${wanted[name]}`);
  if (spec.cleanup === 'compact' && Number(found['max.compaction.lag.ms']) > dayMs)
    say('max.compaction.lag.ms', `at most ${dayMs}`);
  return problems;
};

const settingsOf = async (admin: Admin, names: readonly string[]): Promise<Map<string, Record<string, string>>> => {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
};

/** kafkajs's own waiting takes a broker that has not heard of a new topic for a failure. */
const untilKnown = async (admin: Admin, made: readonly ITopicConfig[]): Promise<void> => {
  const names = made.map(({ topic }) => topic);
  for (const giveUpAtMs = performance.now() + newTopicMs; ;) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: names });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
      if (performance.now() > giveUpAtMs) throw new Error(`New topics have no leader yet: ${names.join(', ')}.`);
    } catch (error) {
      const type = kafkaErrorType(error) ?? '';
      const isNew = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
      if (!isNew || performance.now() > giveUpAtMs) throw error;
    }
    await sleep(20);
  }
};

/**
 * Makes topics that are missing and checks the others.
 *
 * @throws {Error} a sentence that names each topic that is wrong, what is wrong with it, and what to do.
 */
export const checkTopics = async (
  admin: Admin,
  specs: readonly TopicSpec[],
  { nameInKafka, replicationFactor }: TopicCheckOptions,
): Promise<void> => {
  const there = new Set(await admin.listTopics());
  const isMissing = ({ name }: TopicSpec): boolean => !there.has(nameInKafka(name));
  const missing = specs.filter(isMissing).map((spec): ITopicConfig => ({
    topic: nameInKafka(spec.name),
    numPartitions: spec.partitions,
    replicationFactor,
    configEntries: Object.entries(topicSettings(spec, replicationFactor)).map(([name, value]) => ({ name, value })),
  }));
  // False where somebody else was faster: then theirs is checked.
  const made = missing.length === 0 || (await admin.createTopics({ topics: missing, waitForLeaders: false }));
  if (missing.length > 0) await untilKnown(admin, missing);
  const toCheck = made ? specs.filter((spec) => !isMissing(spec)) : specs;
  if (toCheck.length === 0) return;

  const names = toCheck.map(({ name }) => nameInKafka(name));
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  const settings = await settingsOf(admin, names);
  const problems: string[] = [];
  for (const spec of toCheck) {
    const partitions = topics.find(({ name }) => name === nameInKafka(spec.name))?.partitions.length ?? 0;
    if (partitions !== spec.partitions) throw partitionsDiffer({ ...spec, name: nameInKafka(spec.name) }, partitions);
    const found = settingProblems(spec, settings.get(nameInKafka(spec.name)) ?? {});
    if (found.length > 0) problems.push(`topic "${nameInKafka(spec.name)}": ${found.join('; ')}`);
  }
  if (problems.length > 0)
    throw new Error(
      `Kafka would not keep what Bellwire promises: ${problems.join('. And ')}. Change it with kafka-configs.sh --alter, ` +
        'or start with topics that do not exist yet.',
    );
};
