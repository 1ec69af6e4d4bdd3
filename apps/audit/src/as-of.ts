import type { Clock } from '@bellwire/domain';
import { topicNames, type Log } from '@bellwire/messaging';
import { historyTopics } from './history-record.ts';
import { progressKey, type Progress } from './store/progress.ts';

/** Acceptance times up to which audit has caught up, in milliseconds since 1970; undefined: not known yet. */
export interface AsOf {
  /** Every event that was accepted by then is recorded. */
  readonly eventsMs: number | undefined;
  /** So is everything else that the log had about those events. */
  readonly historyMs: number | undefined;
}

export interface AsOfDeps {
  eventLog: Pick<Log, 'endOffsets'>;
  readProgress(): Promise<ReadonlyMap<string, Progress>>;
  clock: Clock;
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

type Ends = ReadonlyMap<string, readonly number[]>;

const earliest = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? undefined : Math.min(one, other);

/** A partition that is recorded up to its end knows of all until the end was asked; another one, until its last record. */
const topicAsOf = (topic: string, ends: Ends, progress: ReadonlyMap<string, Progress>, askedAtMs: number) => {
  let asOfMs: number | undefined = askedAtMs;
  for (const [partition, end] of (ends.get(topic) ?? []).entries()) {
    const recorded = progress.get(progressKey(topic, partition));
    if ((recorded?.nextOffset ?? 0) < end) asOfMs = earliest(asOfMs, recorded?.recordedUntilMs);
  }
  return asOfMs === undefined ? undefined : asOfMs - produceMarginMs;
};

/**
 * How far audit is, over all of its processes: the ends of the log beside the progress that they write with what they
 * record. It says nothing of deliveries that the router has not planned yet: a query asks for those in its own
 * transaction (oldestUnplanned), because every tenant has its own.
 *
 * Asked only when somebody asks. While the log cannot be reached the last answer holds: an older one is always true.
 *
 * @throws Fault DATABASE_UNAVAILABLE
 */
export const makeAsOf = (deps: AsOfDeps): (() => Promise<AsOf>) => {
  const { eventLog, readProgress, clock, maxAgeMs = 250, logTimeoutMs = 1000 } = deps;
  let last: AsOf = { eventsMs: undefined, historyMs: undefined };
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
    if (ends === undefined) return last;
    const byTopic = historyTopics.map((topic) => topicAsOf(topic, ends, progress, askedAtMs));
    const historyMs = byTopic.reduce(earliest, askedAtMs);
    last = { eventsMs: topicAsOf(topicNames.events, ends, progress, askedAtMs), historyMs };
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
