import { expect, test } from '@jest/globals';
import { silentLog, until } from '../doubles.ts';
import { reservationMs } from '../ports.ts';
import { expireReservations } from './expire-reservations.ts';

test('deletes what is over in chunks, until none is left, and again after a failure', async () => {
  const nowMs = Date.UTC(2026, 5, 1);
  const deleted = [new Error('the database is away'), 2, 2, 1, 0];
  const calls: [number, number][] = [];
  const expiry = expireReservations({
    reservations: {
      deleteExpired: async (...call) => {
        calls.push(call);
        const next = deleted.shift() ?? 0;
        if (typeof next !== 'number') throw next;
        return next;
      },
    },
    clock: { now: () => nowMs },
    log: silentLog,
    everyMs: 2,
    chunk: 2,
  });
  await until(() => deleted.length === 0);
  await expiry.close();
  expect(calls.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => [nowMs - reservationMs, 2]));
});
