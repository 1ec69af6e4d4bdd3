import { afterEach, expect, jest, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { withstandSetClock } from './set-clock.ts';

interface Group {
  memberId: string;
  coordinator: { heartbeat(): Promise<void> };
  heartbeat(options: { interval: number }): Promise<void>;
}

const hourMs = 3_600_000;

afterEach(() => {
  jest.restoreAllMocks();
});

test('heartbeats go on when the clock is set back', async () => {
  withstandSetClock();
  const ConsumerGroup: new (options: object) => Group = createRequire(import.meta.url)(
    'kafkajs/src/consumer/consumerGroup',
  );
  const nowMs = Date.now();
  const clock = jest.spyOn(Date, 'now').mockReturnValue(nowMs);
  const logger = { namespace: () => undefined };
  const group = new ConsumerGroup({ logger, instrumentationEmitter: { emit: () => undefined }, retry: {} });
  group.memberId = 'm';
  let beats = 0;
  group.coordinator = { heartbeat: async () => void beats++ };
  const beatAt = async (atMs: number): Promise<number> => {
    clock.mockReturnValue(atMs);
    await group.heartbeat({ interval: 500 });
    return beats;
  };
  expect(await beatAt(nowMs + 499)).toBe(0);
  expect(await beatAt(nowMs + 500)).toBe(1);
  // An hour back: the first call notices, and from then on they come as before.
  expect(await beatAt(nowMs - hourMs)).toBe(1);
  expect(await beatAt(nowMs - hourMs + 500)).toBe(2);
  expect(await beatAt(nowMs - hourMs + 999)).toBe(2);
  expect(await beatAt(nowMs - hourMs + 1000)).toBe(3);
});
