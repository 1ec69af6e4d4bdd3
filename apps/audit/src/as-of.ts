import type { Clock } from '@bellwire/domain';
import { topicNames, type Log } from '@bellwire/messaging';
import { historyTopics } from './history-record.ts';
import { progressKey, type Progress } from './store/progress.ts';

/** Acceptance times up to which audit has caught up, in milliseconds since 1970. */
export interface AsOf {
  /** Every event that was accepted by then is recorded. */
  readonly eventsMs: number;
  /** So is everything else that the log had about those events. */
  readonly historyMs: number;
}

export interface AsOfDeps {
  eventLog: Pick<Log, 'endOffsets'>;
  readProgress(): Promise<ReadonlyMap<string, Progress>>;
  clock: Clock;
  /** What was accepted longer ago is shown to nobody, and so lacks nothing. */
  retentionMs: number;
  /** An answer is used again for so long, in milliseconds. @default 250 */
  maxAgeMs?: number;
  /** How long the log may take to say where it ends, in milliseconds. @default 1000 */
  logTimeoutMs?: number;
}

/**
 * Between the time of acceptance that an event carries and its place in the log lies the produce: as_of stays behind by
 * what that may take, or it would pretend to know of an event that is still on its way.
 */
export const produceMarginMs = 1000;

/** A clock that is set back by more was wrong before, and so was what was told by it. */
const longestAheadMs = 5 * 60 * 1000;

/** What was told once stays so, unless the clock was set back by much since: then it would be of a time that is to come. */
export const stillTold = (toldMs: number, nowMs: number): number => (toldMs - nowMs > longestAheadMs ? 0 : toldMs);

const nothing: Progress = { nextOffset: 0, recordedUntilMs: 0 };

type Ends = ReadonlyMap<string, readonly number[]>;

/** A partition that is recorded up to its end knows of all until the end was asked; another one, until its last record. */
const topicAsOf = (topic: string, ends: Ends, progress: ReadonlyMap<string, Progress>, askedAtMs: number): number => {
  const behind = (ends.get(topic) ?? []).flatMap((end, partition) => {
    const { nextOffset, recordedUntilMs } = progress.get(progressKey(topic, partition)) ?? nothing;
    return nextOffset < end ? [recordedUntilMs] : [];
  });
  return Math.min(askedAtMs, ...behind) - produceMarginMs;
};

/**
 * How far audit is, over all of its processes: the ends of the log beside the progress that they write with what they
 * record. It says nothing of deliveries that the router has not planned yet: a query asks for those in its own
 * transaction (oldestUnplanned), because every tenant has its own.
 *
 * Asked only when somebody asks. What was recorded once stays so: an answer never goes back behind the one before, not while the
 * log cannot be reached, nor where a record comes to a partition that had none for long. Before anything is known it is the
 * beginning of the retention. Several processes each remember what they have answered: one may be behind another.
 *
 * @throws Fault DATABASE_UNAVAILABLE
 */
export const makeAsOf = (deps: AsOfDeps): (() => Promise<AsOf>) => {
  const { eventLog, readProgress, clock, retentionMs, maxAgeMs = 250, logTimeoutMs = 1000 } = deps;
  let last: AsOf = { eventsMs: 0, historyMs: 0 };
  let current: Promise<AsOf> | undefined;

  const askEnds = async (): Promise<Ends | undefined> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, logTimeoutMs, undefined);
    });
    const asked = Promise.all(
      historyTopics.map(async (topic): Promise<[string, readonly number[]]> => [
        topic,
        await eventLog.endOffsets(topic),
      ]),
    ).then(
      (ends): Ends => new Map(ends),
      () => undefined,
    );
    const ends = await Promise.race([asked, late]);
    clearTimeout(timer);
    return ends;
  };

  const compute = async (): Promise<AsOf> => {
    const askedAtMs = clock.now();
    const ends = await askEnds();
    const progress = await readProgress();
    const recorded = (topic: string): number => (ends === undefined ? 0 : topicAsOf(topic, ends, progress, askedAtMs));
    const oldestMs = askedAtMs - retentionMs;
    const caughtUp = (lastMs: number, recordedMs: number): number =>
      Math.max(stillTold(lastMs, askedAtMs), oldestMs, recordedMs);
    last = {
      eventsMs: caughtUp(last.eventsMs, recorded(topicNames.events)),
      historyMs: caughtUp(last.historyMs, Math.min(...historyTopics.map(recorded))),
    };
    return last;
  };

  return () => {
    if (current !== undefined) return current;
    const asked = compute();
    current = asked;
    const forget = (): void => {
      if (current === asked) current = undefined;
    };
    asked.then(() => setTimeout(forget, maxAgeMs).unref(), forget);
    return asked;
  };
};
