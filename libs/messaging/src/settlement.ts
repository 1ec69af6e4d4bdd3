import type { Assigned, Commit, ConsumerHandlers, LogRecord, TopicPartition } from './log.ts';
import { openCare, type CareOptions } from './settlement/care.ts';
import { ofLiving, readMetadata } from './settlement/commit-metadata.ts';
import { openCommitter } from './settlement/committer.ts';
import { openEnding } from './settlement/ending.ts';
import { openOwned } from './settlement/owned.ts';

export interface WorkerOptions<T> extends CareOptions<T> {
  topics: readonly string[];
  /**
   * Writes what the next owner must know. Called before the last commit of partitions that move away and of a worker that
   * stops, when nothing of them is under way. @default there is nothing
   */
  conclude?: () => Promise<void>;
  /**
   * Called when a partition came from an owner that had no last word, and when one was taken from us without ours: from now
   * on the log may hold what followed from a record twice. @default nothing
   */
  onUnclean?: () => void;
  /** Called once for each partition that is somebody else's now. @default nothing is kept for a partition */
  forget?: (partition: TopicPartition) => void;
  /**
   * Per partition: fetching stops when so many records or bytes are unsettled, or ten times as many records lie between the
   * oldest unsettled and the newest fetched one; it goes on when half of them are settled. @default 2000 records, 64 MiB
   *
   * `totalBytes` is shared out evenly among all partitions of the topics, whoever has them: so much is in hand at most,
   * whatever their number, and one record of each partition beyond it.
   */
  window?: Window;
  /** See ConsumeOptions. */
  paceMs?: number;
  /**
   * A commit is made every 50 ms where there is something to commit, and at once where so many settled records wait for it.
   * @default none is made at once
   */
  hurryAfter?: number;
  /** Something failed that is tried again: a commit, a dead letter, a handover, a task. */
  onFailure: (error: unknown) => void;
}

/** Counts since the start. */
export interface WorkerStats {
  /** Records that were fetched again although they were in hand or done. */
  readonly repeatsDropped: number;
  readonly unreadable: number;
  /** Records that have failed or crashed, and are in dead-letters now. */
  readonly putAside: number;
  /** Completions that did not fit into the metadata of a commit: work that a restart would have repeated. */
  readonly completionsDropped: number;
}

export interface Worker {
  /** See Subscription. */
  isHeard(): boolean;
  /** The partition is ours, or its next owner waits until we hand it over: what concerns it may be written. */
  owns(partition: TopicPartition): boolean;
  /** Records that are neither settled nor released. */
  inFlight(): number;
  stats(): WorkerStats;
  /**
   * Begins nothing new, stops fetching for good, waits until what was begun is settled, and commits. Resolves after
   * timeoutMs at the latest: what is under way then is repeated by the next owner.
   */
  drain(timeoutMs: number): Promise<void>;
  /** Commits what is settled, then leaves the group. */
  close(): Promise<void>;
}

/** See WorkerOptions. */
export interface Window {
  records: number;
  bytes: number;
  totalBytes?: number;
}

const defaultWindow: Window = { records: 2000, bytes: 64 * 1024 * 1024 };
const commitIntervalMs = 50;
const leastFetchBytes = 16 * 1024;

/** Of one partition: a share of the total is for what is in hand when a fetch begins, and as much for what that brings. */
const shareOf = async <T>({ log, topics, window = defaultWindow }: WorkerOptions<T>) => {
  const { records, bytes, totalBytes } = window;
  if (totalBytes === undefined) return { limit: { records, bytes }, fetchBytes: undefined };
  const ends = await Promise.all(topics.map((topic) => log.endOffsets(topic)));
  const half = Math.floor(totalBytes / Math.max(1, ends.flat().length) / 2);
  return { limit: { records, bytes: Math.min(bytes, half) }, fetchBytes: Math.max(leastFetchBytes, half) };
};

/** What close() spends on a last commit that fails; losing it only repeats work. */
const lastCommitMs = 1000;

/** Below which offset an owner that had no last word may have begun records: what it took since its last commit is not in that. */
const begunBelow = (commit: Commit | undefined, { records }: { records: number }): number => {
  const former = commit && readMetadata(commit).life;
  return former === undefined ? 0 : former.newest + 1 + records;
};

/**
 * Consumes topics as a member of a group, above any log: hands records over without waiting, lets them be settled in any
 * order, and commits how far everything is settled, with what is settled beyond. A restart repeats what was in flight.
 */
export const startWorker = async <T>(options: WorkerOptions<T>): Promise<Worker> => {
  const { log, topics, group, paceMs, onUnclean = () => undefined, onFailure } = options;
  const { limit, fetchBytes } = await shareOf(options);
  let repeatsDropped = 0;

  const owned = openOwned({
    limit,
    onChanged: (waiting) => committer.touch(waiting),
    onFewer: () => ending.check(),
    conclude: options.conclude ?? (async () => undefined),
    onGone: options.forget ?? (() => undefined),
    onTaken: onUnclean,
    onFailure,
  });
  const committer = openCommitter({
    owned,
    commit: (commits) => subscription.commit(commits),
    intervalMs: commitIntervalMs,
    hurryAfter: options.hurryAfter,
    onFailure,
  });
  const flush = (): Promise<void> => committer.flush();
  const care = openCare(options, flush);
  const ending = openEnding({ inFlight: owned.inFlight, flush, onFailure });

  const take = (batch: readonly LogRecord[]): void => {
    const own = batch[0] && owned.of(batch[0]);
    if (own === undefined || ending.begun()) return;
    const fresh = batch.filter((record) => own.admit(record));
    repeatsDropped += batch.length - fresh.length;
    care.take(own, fresh);
    own.balance();
  };

  const begin = ({ partition, commit, isFormerAlive }: Assigned): void => {
    const own = owned.assign(partition, isFormerAlive === true ? commit && ofLiving(commit) : commit);
    if (own === undefined) return;
    own.life.begunBelow = begunBelow(commit, limit);
    if (own.life.begunBelow > 0) onUnclean();
    care.begin(own, partition);
  };

  const lose = (partitions: readonly TopicPartition[]): void => {
    for (const partition of partitions) owned.lose(partition);
    care.letGo();
    owned.handOverIdle();
  };

  const stopTaking = (): void => {
    if (ending.begun()) return;
    ending.begin();
    owned.stop();
    care.letGo();
  };

  const leave = async (): Promise<void> => {
    stopTaking();
    if (options.endsInOrder?.() !== false) owned.endLives();
    await ending.commit(lastCommitMs);
    committer.stop();
    owned.end();
    await care.stop();
    await subscription.close();
  };

  const handlers: ConsumerHandlers = {
    assigned: (partitions) => partitions.forEach(begin),
    revoked: lose,
    records: take,
  };
  const subscription = await log.consume({ topics, group, paceMs, fetchBytes, handlers });
  owned.attach(subscription);
  let closed: Promise<void> | undefined;

  return {
    isHeard: subscription.isHeard,
    owns: owned.owns,
    inFlight: owned.inFlight,
    stats: () => ({ ...care.counts(), repeatsDropped, completionsDropped: owned.completionsDropped() }),
    async drain(timeoutMs) {
      const giveUpAtMs = Date.now() + timeoutMs;
      stopTaking();
      await ending.settled(timeoutMs);
      await ending.commit(Math.max(1, giveUpAtMs - Date.now()), options.conclude);
    },
    close: () => (closed ??= leave()),
  };
};
