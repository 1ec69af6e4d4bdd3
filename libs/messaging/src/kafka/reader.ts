import type { Cluster } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reader, ReadOptions } from '../log.ts';
import { kafkaErrorType, within } from './faults.ts';
import { endsBefore } from '../dropped-records.ts';
import { advance, type FetchedPartition } from './advance.ts';
import { toLogRecord } from './log-record.ts';

export interface ReaderOptions extends ReadOptions {
  /** Connections of its own: a fetch that waits for records holds up all others on them. */
  cluster: Cluster;
  nameInKafka: string;
  /** The first offset that is still there. */
  start: () => Promise<number>;
  /** The offset after the last one. */
  end: () => Promise<number>;
  onError: (error: unknown) => void;
  onClosed: () => void;
}

/** What kafkajs's types leave out. */
interface FetchAnswer {
  responses: { partitions: FetchedPartition[] }[];
}

const maxWaitMs = 500;
const maxBytes = 4 * 1024 * 1024;
const longestBackoffMs = 1000;

/** Fetches one partition in a loop, without a group: nothing to join, nothing to commit. */
export const openReader = (options: ReaderOptions): Reader => {
  const { cluster, nameInKafka, topic, partition, fromOffset, records, reached, onError, onClosed } = options;
  let position = fromOffset;
  let closed = false;
  const isOpen = (): boolean => !closed;

  const fetch = async (): Promise<FetchAnswer> => {
    await cluster.connect();
    await cluster.addTargetTopic(nameInKafka);
    await cluster.refreshMetadataIfNecessary();
    const [nodeId] = Object.keys(cluster.findLeaderForPartitions(nameInKafka, [partition]));
    if (nodeId === undefined) throw new Error(`Partition ${partition} of "${topic}" has no leader.`);
    const broker = await cluster.findBroker({ nodeId });
    const wanted = { partition, fetchOffset: String(position), maxBytes };
    return broker.fetch({
      isolationLevel: 0,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes,
      topics: [{ topic: nameInKafka, partitions: [wanted] }],
    });
  };

  const take = ({ responses }: FetchAnswer): void => {
    const answer = responses[0]?.partitions[0];
    if (answer === undefined) return;
    const { fresh, next } = advance(position, answer);
    const hasMoved = next > position;
    position = next;
    if (fresh.length > 0) records(fresh.map((message) => toLogRecord(topic, partition, message)));
    if (hasMoved) reached?.(position);
  };

  /** Answers whether it goes on elsewhere. */
  const leap = async (): Promise<boolean> => {
    const [first, end] = await Promise.all([options.start(), options.end()]);
    if (position >= first && position <= end) return false;
    if (position > end) {
      onError(endsBefore({ topic, partition, offset: position }, end, first));
      options.begunAnew?.(first);
    }
    position = first;
    return true;
  };

  const recover = async (error: unknown): Promise<void> => {
    if (kafkaErrorType(error) === 'OFFSET_OUT_OF_RANGE' && (await leap())) return;
    onError(error);
    await cluster.refreshMetadata();
  };

  const loop = async (): Promise<void> => {
    let backoffMs = 50;
    while (isOpen()) {
      try {
        const answer = await fetch();
        backoffMs = 50;
        if (!closed) take(answer);
      } catch (error) {
        if (closed) break;
        await recover(error).catch(() => undefined);
        await sleep(backoffMs);
        backoffMs = Math.min(longestBackoffMs, backoffMs * 2);
      }
    }
    await cluster.disconnect().catch(() => undefined);
  };
  const ended = loop();

  return {
    async close() {
      closed = true;
      onClosed();
      await within(2000, ended, 'the last fetch').catch(() => undefined);
    },
  };
};
