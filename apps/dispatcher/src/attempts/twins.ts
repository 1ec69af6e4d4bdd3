import type { DeliveryRecord } from '@bellwire/contracts';
import type { Stopwatch } from '@bellwire/domain';

/** As long as most of what was put off at a crash waits in a tier. */
const watchMs = 10 * 60 * 1000;

/**
 * A dispatcher that dies may have put a delivery off, and not committed that: whoever takes over puts it off again, and then
 * two records of one attempt wait in tiers. The first that comes back is delivered; whoever takes the second must know, also
 * where the partition has moved in between. So for some time after such an end the attempts of what was put off are written
 * down with the state of their endpoints.
 */
export interface Twins {
  /** Somebody has ended without a last word. */
  expect(): void;
  arePossible(delivery: Pick<DeliveryRecord, 'spills'>): boolean;
}

export const openTwins = (stopwatch: Stopwatch): Twins => {
  let untilMs = Number.NEGATIVE_INFINITY;
  return {
    expect: () => void (untilMs = stopwatch.now() + watchMs),
    arePossible: ({ spills }) => spills > 0 && stopwatch.now() < untilMs,
  };
};
