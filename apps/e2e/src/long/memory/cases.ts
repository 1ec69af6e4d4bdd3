import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../ledger/waiting.ts';
import { allDeliveries } from '../../target/deliveries.ts';
import type { Target } from '../../target/start-target.ts';
import { residentMiB, restingMiB, watchPeak } from './process-memory.ts';
import { newSetting, type Setting } from './setting.ts';

/** Figures by name, and whether they are as they should be. */
export interface Finding {
  isFine: boolean;
  figures: Readonly<Record<string, number>>;
}

const bodyBytes = 200_000;
const longMs = 300_000;

const comeTo = async (setting: Setting, requests: number): Promise<void> => {
  if (await waitUntil(() => setting.requests() >= requests, longMs)) return;
  throw new Error(`${setting.requests()} of ${requests} requests have come`);
};

/**
 * 191 MiB of deliveries wait for their retries. What the process needs for working on them is not counted: before and
 * after are at rest, and before it twice as many deliveries have gone through.
 */
export const waitingInTiers = async (target: Target): Promise<Finding> => {
  const [endpoints, events] = [10, 100];
  const setting = await newSetting(target, 'tiers');
  try {
    await setting.endpoints(endpoints, { retry: { schedule_seconds: [900], retry_on: 'any_failure' } });
    const publishAll = async (): Promise<void> => {
      for (let nth = 0; nth < events; nth++) await setting.publish(bodyBytes);
    };
    /** How many wait; asked before too, for what is asked costs memory. */
    const waits = async (): Promise<number> => {
      const all = await allDeliveries(setting.api);
      return all.filter(({ status }) => status === 'retrying' || status === 'held').length;
    };
    await publishAll();
    await publishAll();
    await comeTo(setting, 2 * endpoints * events);
    await waits();
    const before = await restingMiB(target.pid, 30);
    setting.answer(500);
    await publishAll();
    let waiting = await waits();
    for (
      const endsAt = Date.now() + longMs;
      waiting < endpoints * events && Date.now() < endsAt;
      waiting = await waits()
    ) {
      await sleep(2000);
    }
    const after = await restingMiB(target.pid, 30);
    const waitingMiB = (waiting * bodyBytes) / 1024 / 1024;
    const growth = after - before;
    return { isFine: waiting === endpoints * events && growth < 100, figures: { waitingMiB, before, after, growth } };
  } finally {
    await setting.close();
  }
};

/** 10 events of 200 kB, each to 400 endpoints: 800 MB of deliveries. */
export const largeFanOut = async (target: Target): Promise<Finding> => {
  const [endpoints, events] = [400, 10];
  const setting = await newSetting(target, 'fan-out');
  try {
    await setting.endpoints(endpoints);
    await setting.publish(100);
    await comeTo(setting, endpoints);
    const before = await restingMiB(target.pid, 5);
    const startedAtMs = Date.now();
    const peak = watchPeak(target.pid);
    await Promise.all(Array.from({ length: events }, () => setting.publish(bodyBytes)));
    await comeTo(setting, endpoints * (events + 1));
    const most = peak.stop();
    const seconds = (Date.now() - startedAtMs) / 1000;
    return { isFine: most - before < 500, figures: { before, peak: most, growth: most - before, seconds } };
  } finally {
    await setting.close();
  }
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** From publish to request, in milliseconds, of one event after the other, 20 a second, for as long as more are wanted. */
const latencies = async (setting: Setting, isEnough: (events: number) => boolean): Promise<readonly number[]> => {
  const spent: number[] = [];
  while (!isEnough(spent.length)) {
    const startedAtMs = Date.now();
    const next = setting.requests();
    await setting.publish(200);
    await comeTo(setting, next + 1);
    spent.push((setting.cameAtMs[next] ?? Number.NaN) - startedAtMs);
    await sleep(Math.max(0, startedAtMs + 50 - Date.now()));
  }
  return spent.toSorted((a, b) => a - b);
};

/** As in the benchmark: what others may notice of a burst. */
const isUnnoticed = (aloneMs: number, besideMs: number): boolean => besideMs <= Math.max(aloneMs * 1.5, aloneMs + 50);

/** One event to 13,000 endpoints, while the events of another tenant arrive. */
export const manyEndpoints = async (target: Target): Promise<Finding> => {
  const endpoints = 13_000;
  const [large, other] = [await newSetting(target, 'large'), await newSetting(target, 'other')];
  try {
    await other.endpoints(1);
    await large.endpoints(endpoints);
    await latencies(other, (events) => events === 100);
    const alone = await latencies(other, (events) => events === 400);
    const before = residentMiB(target.pid);
    const peak = watchPeak(target.pid);
    const startedAtMs = Date.now();
    await large.publish(1000);
    const endsAt = startedAtMs + longMs;
    const hasEnded = (): boolean => large.requests() >= endpoints || Date.now() > endsAt;
    const beside = await latencies(other, (events) => events > 0 && hasEnded());
    const figures = {
      aloneP50: percentile(alone, 0.5),
      aloneP99: percentile(alone, 0.99),
      besideP50: percentile(beside, 0.5),
      besideP99: percentile(beside, 0.99),
      besideMost: beside.at(-1) ?? Number.NaN,
      arrived: large.requests(),
      allAfterSeconds: ((large.cameAtMs.at(-1) ?? Number.NaN) - startedAtMs) / 1000,
      growth: peak.stop() - before,
    };
    const isFine = large.requests() === endpoints && isUnnoticed(figures.aloneP99, figures.besideP99);
    return { isFine, figures };
  } finally {
    await Promise.all([large.close(), other.close()]);
  }
};
