import { expect, test } from '@jest/globals';
import { openExpiryClock } from '@bellwire/domain';
import { openLogger } from '@bellwire/lifecycle';
import { dayOf, dayText, type Day } from '../days.ts';
import { makeMaintainPartitions } from './maintain-partitions.ts';

const dayMs = 24 * 60 * 60 * 1000;

test('a clock that is set forward by a year drops nothing, and still makes the partitions that it asks for', async () => {
  let offsetMs = Date.UTC(2026, 4, 31, 12);
  let ranMs = 0;
  const clock = { now: () => offsetMs + ranMs };
  const dropped: Day[] = [];
  const ensured: Day[] = [];
  const maintain = makeMaintainPartitions({
    partitions: {
      ensure: async (days) => void ensured.push(...days),
      dropBefore: async (day) => (dropped.push(day), []),
      forget: () => undefined,
    },
    dropUnreadableBefore: async () => undefined,
    clock,
    expiryClock: openExpiryClock({ clock, stopwatch: { now: () => ranMs }, onStep: () => undefined }),
    retentionMs: 30 * dayMs,
    log: openLogger({ level: 'silent' }),
  });
  await maintain();
  offsetMs += 365 * dayMs;
  ranMs += 600_000;
  await maintain();
  expect(dropped.map(dayText)).toEqual(['2026-05-01', '2026-05-01']);
  expect(ensured).toContain(dayOf(clock.now()));
});
