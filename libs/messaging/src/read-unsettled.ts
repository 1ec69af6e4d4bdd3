import { Fault } from '@bellwire/errors';
import type { Log, LogRecord, TopicPartition } from './log.ts';
import { readMetadata } from './settlement/commit-metadata.ts';
import type { OffsetRange } from './settlement/completed-offsets.ts';

export interface ReadUnsettledOptions {
  log: Pick<Log, 'commits' | 'endOffsets' | 'read'>;
  /** Topics by the group that settles them. */
  topicsOf: Readonly<Record<string, readonly string[]>>;
  /** Returns at once. What it throws ends the reading. */
  take: (record: LogRecord) => void;
  /** Ends the reading, which rejects with its reason. */
  signal: AbortSignal;
  /** How long a partition may say nothing, in milliseconds. @default 15000 */
  silenceMs?: number;
}

/** Offsets from `from` to before `end` of a partition, less what is done already. */
interface Part extends TopicPartition {
  from: number;
  end: number;
  done: readonly OffsetRange[];
}

type Parts = Omit<ReadUnsettledOptions, 'topicsOf' | 'silenceMs'> & { silenceMs: number };

/** Each has a connection of its own on Kafka. */
const partsAtOnce = 4;

/**
 * All commits are asked before any end. So what moves from topic to topic meanwhile is not missed: when its record was
 * settled before the first question, the next one was there to be found or has been settled itself.
 */
const partsOf = async ({ log, topicsOf }: Pick<ReadUnsettledOptions, 'log' | 'topicsOf'>): Promise<Part[]> => {
  const asked = Object.entries(topicsOf).map(([group, topics]) => log.commits(group, topics));
  const commits = (await Promise.all(asked)).flat();
  const topics = [...new Set(Object.values(topicsOf).flat())];
  const ends = await Promise.all(topics.map((topic) => log.endOffsets(topic)));
  return topics.flatMap((topic, nth) =>
    (ends[nth] ?? []).map((end, partition) => {
      const commit = commits.find((one) => one.topic === topic && one.partition === partition);
      const from = commit ?? { offset: 0, metadata: '' };
      return { topic, partition, from: from.offset, end, done: readMetadata(from).completed };
    }),
  );
};

/** Whether an offset is done; asked in order of offset. */
const makeIsDone = (ranges: readonly OffsetRange[]) => {
  let at = 0;
  return (offset: number): boolean => {
    while ((ranges[at]?.last ?? Number.POSITIVE_INFINITY) < offset) at++;
    return (ranges[at]?.first ?? Number.POSITIVE_INFINITY) <= offset;
  };
};

/** Reads one part; resolves to how many of its records are not done, and how to close the reader. */
const readPart = async ({ log, take, signal, silenceMs }: Parts, { topic, partition, from, end, done }: Part) => {
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
  const isDone = makeIsDone(done);
  let taken = 0;
  const late = (): void =>
    reject(new Fault('LOG_UNAVAILABLE', `Nothing more of "${topic}" could be read within ${silenceMs} ms.`));
  const silence = setTimeout(late, silenceMs);
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();

  const reached = (offset: number): void => {
    silence.refresh();
    if (offset >= end) resolve();
  };
  const records = (batch: readonly LogRecord[]): void => {
    try {
      for (const record of batch) {
        if (record.offset >= end || signal.aborted) break;
        if (isDone(record.offset)) continue;
        taken++;
        take(record);
      }
      reached((batch.at(-1)?.offset ?? -1) + 1);
    } catch (error) {
      reject(error);
    }
  };

  // Rejected before anybody waits for it, it would end the process.
  ended.catch(() => undefined);
  try {
    const reader = await log.read({ topic, partition, fromOffset: from, records, reached });
    await ended.catch(async (error: unknown) => {
      await reader.close();
      throw error;
    });
    return { taken, close: () => reader.close() };
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', abort);
  }
};

/**
 * Hands over every record that its group has not settled, of all partitions, as far as they go now: what is waiting or
 * being worked on. A record that is settled meanwhile may still be among them. Joins no group, settles nothing.
 *
 * @returns how many records that were
 * @throws Fault LOG_UNAVAILABLE
 */
export const readUnsettled = async (options: ReadUnsettledOptions): Promise<number> => {
  const { silenceMs = 15_000 } = options;
  const queue = (await partsOf(options)).filter(({ from, end }) => from < end);
  const closing: Promise<void>[] = [];
  let taken = 0;
  const work = async (): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      const read = await readPart({ ...options, silenceMs }, part);
      taken += read.taken;
      // A fetch that is under way ends by itself: the next part need not wait for it.
      closing.push(read.close());
    }
  };
  const results = await Promise.allSettled(Array.from({ length: partsAtOnce }, work));
  await Promise.all(closing);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return taken;
};
