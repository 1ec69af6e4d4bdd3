import type { TopicSpec } from '../log.ts';
import { partitionsDiffer } from '../partitioner.ts';
import { openPartition, type Partition } from './partition.ts';

/** The topics that the database has, and how long the ones we were told of keep their records. */
export interface Catalogue {
  /** Takes in a partition as the database has it: new, or known and restarted. */
  learn(topic: string, partition: number, end: number): void;
  /** Throws a sentence where there is no such topic. */
  partitions(topic: string): readonly Partition[];
  partition(topic: string, partition: number): Partition;
  /** Creates what is missing by `create`; throws a sentence where the number of partitions differs. */
  ensure(specs: readonly TopicSpec[], create: (spec: TopicSpec) => Promise<void>): Promise<void>;
  specified(): Iterable<readonly [TopicSpec, readonly Partition[]]>;
}

export const openCatalogue = (tailBytes: number): Catalogue => {
  const topics = new Map<string, Partition[]>();
  const specs = new Map<string, TopicSpec>();

  const learn = (topic: string, number: number, end: number): void => {
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = []));
    const known = partitions[number];
    if (known === undefined) partitions[number] = openPartition(topic, number, end, tailBytes);
    else known.restart(end);
  };

  const partitionsOf = (topic: string): readonly Partition[] => {
    const partitions = topics.get(topic);
    if (partitions === undefined) throw new Error(`There is no topic "${topic}": name it in topics() first.`);
    return partitions;
  };

  return {
    learn,
    partitions: partitionsOf,
    partition(topic, number) {
      const partition = partitionsOf(topic)[number];
      if (partition === undefined) throw new Error(`Topic "${topic}" has no partition ${number}.`);
      return partition;
    },
    async ensure(wanted, create) {
      for (const spec of wanted) {
        const existing = topics.get(spec.name)?.length;
        if (existing !== undefined && existing !== spec.partitions) throw partitionsDiffer(spec, existing);
        if (existing === undefined) {
          await create(spec);
          for (let number = 0; number < spec.partitions; number++) learn(spec.name, number, 0);
        }
        specs.set(spec.name, spec);
      }
    },
    *specified() {
      for (const spec of specs.values()) yield [spec, partitionsOf(spec.name)];
    },
  };
};
