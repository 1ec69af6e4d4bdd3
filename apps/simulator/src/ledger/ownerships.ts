import type { TopicPartition } from '@bellwire/messaging';

/** Who has, and had, which partitions, as the processes know it. Times are virtual. */
export interface Ownerships {
  gained(process: string, partition: TopicPartition): void;
  /** @param lastMs until when it may have decided something as the owner */
  lost(process: string, partition: TopicPartition, lastMs: number): void;
  /** Whether it had the partition then. */
  had(process: string, partition: TopicPartition, atMs: number): boolean;
  /** Those that it has now. */
  of(process: string): ReadonlySet<string>;
}

interface Span {
  fromMs: number;
  toMs: number;
}

export const partitionName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

export const openOwnerships = (nowMs: () => number): Ownerships => {
  const spans = new Map<string, Span[]>();
  const present = new Map<string, Set<string>>();

  const of = (process: string): Set<string> => {
    const known = present.get(process) ?? new Set<string>();
    present.set(process, known);
    return known;
  };

  const spansOf = (process: string, name: string): Span[] => {
    const known = spans.get(`${process} ${name}`) ?? [];
    spans.set(`${process} ${name}`, known);
    return known;
  };

  return {
    gained(process, partition) {
      const name = partitionName(partition);
      of(process).add(name);
      spansOf(process, name).push({ fromMs: nowMs(), toMs: Number.POSITIVE_INFINITY });
    },
    lost(process, partition, lastMs) {
      const name = partitionName(partition);
      of(process).delete(name);
      const last = spansOf(process, name).at(-1);
      if (last !== undefined) last.toMs = Math.min(last.toMs, lastMs);
    },
    had: (process, partition, atMs) =>
      spansOf(process, partitionName(partition)).some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs),
    of,
  };
};
