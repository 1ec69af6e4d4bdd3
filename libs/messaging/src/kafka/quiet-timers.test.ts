import { expect, jest, test } from '@jest/globals';
import { createRequire } from 'node:module';
import { quietTimers } from './quiet-timers.ts';

interface Queue {
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
  destroy(): void;
}

const newQueue = (): Queue => {
  const RequestQueue: new (options: object) => Queue = createRequire(import.meta.url)(
    'kafkajs/src/network/requestQueue',
  );
  return new RequestQueue({ logger: { debug: () => undefined } });
};

test('an idle connection sets no timer, and a throttled one waits as long as it is told', () => {
  quietTimers();
  const timers = jest.spyOn(globalThis, 'setTimeout');
  const queue = newQueue();
  queue.scheduleCheckPendingRequests();
  expect(timers).not.toHaveBeenCalled();
  queue.throttledUntil = Date.now() + 500;
  queue.scheduleCheckPendingRequests();
  queue.scheduleCheckPendingRequests();
  expect(timers).toHaveBeenCalledTimes(1);
  expect(timers.mock.calls[0]?.[1]).toBeGreaterThan(400);
  queue.destroy();
  timers.mockRestore();
});
