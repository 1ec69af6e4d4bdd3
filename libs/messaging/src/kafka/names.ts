import type { TopicPartition } from '../log.ts';

/** Names in Kafka begin with the installation's prefix; ours do not. */
export interface Names {
  inKafka(name: string): string;
  theirs(partition: TopicPartition): TopicPartition;
  ours(partition: TopicPartition): TopicPartition;
}

export const namesWith = (prefix: string): Names => ({
  inKafka: (name) => prefix + name,
  theirs: ({ topic, partition }) => ({ topic: prefix + topic, partition }),
  ours: ({ topic, partition }) => ({ topic: topic.slice(prefix.length), partition }),
});

/** For maps. */
export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;
