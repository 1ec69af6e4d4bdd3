import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@bellwire/persistence';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { silentLog } from '../doubles.ts';
import { reservationMs, type Reservation } from '../ports.ts';
import { openStore, type Store } from './open-store.ts';
import { openReservations } from './reservations.ts';

const nowMs = Date.UTC(2026, 5, 1);
const expiredAtMs = nowMs - reservationMs;
let database: FreshDatabase;
let store: Store;
let others: Database<Record<string, never>>[];

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ databaseUrl: database.url, log: silentLog, onFailure: () => undefined });
  others = Array.from({ length: 4 }, () =>
    openDatabase({ connectionString: database.url, poolSize: 2, applicationName: 'itest' }),
  );
});
afterAll(async () => {
  await Promise.all([store.close(), ...others.map(({ close }) => close())]);
  await database.drop();
});

const reservation = (key: string, change: Partial<Reservation> = {}): Reservation => ({
  tenantId: 'ten_1',
  key,
  eventId: `evt_${key}`,
  bodyHash: 'ab'.repeat(32),
  acceptedAtMs: nowMs,
  ...change,
});

describe('reservations in Postgres', () => {
  test('answer what came first, with its hash and time', async () => {
    const first = reservation('a');
    expect(await store.reservations.reserve([first], expiredAtMs)).toEqual([{ ...first, isNew: true }]);
    const other = reservation('a', { bodyHash: 'cd'.repeat(32), acceptedAtMs: nowMs + 5 });
    const fresh = reservation('b');
    const rows = await store.reservations.reserve([other, fresh], expiredAtMs);
    expect(rows.toSorted((x, y) => x.key.localeCompare(y.key))).toEqual([
      { ...first, isNew: false },
      { ...fresh, isNew: true },
    ]);
  });

  test("of another tenant are another's", async () => {
    await store.reservations.reserve([reservation('t')], expiredAtMs);
    const [row] = await store.reservations.reserve([reservation('t', { tenantId: 'ten_2' })], expiredAtMs);
    expect(row).toMatchObject({ tenantId: 'ten_2', isNew: true });
  });

  test('that are over are replaced and deleted', async () => {
    const old = reservation('old', { acceptedAtMs: expiredAtMs });
    await store.reservations.reserve([old, reservation('older', { acceptedAtMs: expiredAtMs - 1 })], 0);
    const renewed = reservation('old', { bodyHash: 'ef'.repeat(32) });
    expect(await store.reservations.reserve([renewed], expiredAtMs)).toEqual([{ ...renewed, isNew: true }]);
    expect(await store.reservations.deleteExpired(expiredAtMs, 10)).toBe(1);
    expect(await store.reservations.deleteExpired(expiredAtMs, 10)).toBe(0);
    expect(await store.reservations.reserve([reservation('old')], expiredAtMs)).toEqual([{ ...renewed, isNew: false }]);
  });

  test('many processes at once, in any order of keys: each key has one winner and no deadlock', async () => {
    const stores = others.map(({ db }) => openReservations(db));
    for (let round = 0; round < 20; round++) {
      const keys = Array.from({ length: 40 }, (_, n) => `r${round}-${n}`);
      // The keys are over in half of the rounds, so that winners replace instead of insert.
      if (round % 2 === 1)
        await store.reservations.reserve(
          keys.map((key) => reservation(key, { acceptedAtMs: 1 })),
          0,
        );
      const answers = await Promise.all(
        stores.map((one, process) => {
          const wanted = keys.map((key) => reservation(key, { acceptedAtMs: nowMs + process }));
          return one.reserve(process % 2 === 0 ? wanted : wanted.toReversed(), expiredAtMs);
        }),
      );
      for (const key of keys) {
        const rows = answers.map((of) => of.find((row) => row.key === key));
        expect(new Set(rows.map((row) => row?.acceptedAtMs)).size).toBe(1);
        expect(rows.filter((row) => row?.isNew)).toHaveLength(1);
      }
    }
  });
});
