import type { TopicPartition } from '@bellwire/messaging';

/** Who has, and had, which partitions, as the processes know it. Times are virtual. */
export interface Ownerships {
  note(process: string, group: string, partition: TopicPartition, isOwned: boolean): void;
  /** Whether it had the partition at some moment between these two, both included. */
  had(process: string, partition: TopicPartition, fromMs: number, toMs: number): boolean;
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

  return {
    note(process, _group, partition, isOwned) {
      const name = partitionName(partition);
      const key = `${process} ${name}`;
      const list = spans.get(key) ?? [];
      spans.set(key, list);
      const last = list.at(-1);
      if (isOwned) {
        of(process).add(name);
        list.push({ fromMs: nowMs(), toMs: Number.POSITIVE_INFINITY });
      } else {
        of(process).delete(name);
        if (last !== undefined) last.toMs = Math.min(last.toMs, nowMs());
      }
    },
    had: (process, partition, fromMs, toMs) =>
      (spans.get(`${process} ${partitionName(partition)}`) ?? []).some(
        (span) => span.fromMs <= toMs && span.toMs >= fromMs,
      ),
    of,
  };
};
