import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@bellwire/persistence';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { sql } from 'kysely';
import { silentLog } from '../doubles.ts';
import { reservationMs, type Reservation, type Reserved } from '../ports.ts';
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

/** What is answered of one that is reserved. */
const asReserved = (one: Reservation, isNew: boolean, isOnLog = false): Reserved => ({ ...one, isNew, isOnLog });
const reserved = async (one: Reservation, atMs = expiredAtMs): Promise<Reserved | undefined> =>
  (await store.reservations.reserve([one], atMs))[0];

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
    expect(await store.reservations.reserve([first], expiredAtMs)).toEqual([asReserved(first, true)]);
    const other = reservation('a', { bodyHash: 'cd'.repeat(32), acceptedAtMs: nowMs + 5 });
    const fresh = reservation('b');
    const rows = await store.reservations.reserve([other, fresh], expiredAtMs);
    expect(rows.toSorted((x, y) => x.key.localeCompare(y.key))).toEqual([
      asReserved(first, false),
      asReserved(fresh, true),
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
    expect(await store.reservations.reserve([renewed], expiredAtMs)).toEqual([asReserved(renewed, true)]);
    expect(await store.reservations.deleteExpired(expiredAtMs, 10)).toBe(1);
    expect(await store.reservations.deleteExpired(expiredAtMs, 10)).toBe(0);
    expect(await store.reservations.reserve([reservation('old')], expiredAtMs)).toEqual([asReserved(renewed, false)]);
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

describe('a mark', () => {
  test('says that the log has it, to every process', async () => {
    const [one, other] = [reservation('m1'), reservation('m2')];
    await store.reservations.reserve([one, other], expiredAtMs);
    await store.reservations.markOnLog([one]);
    await store.reservations.markOnLog([one]);
    expect(await reserved(one)).toEqual(asReserved(one, false, true));
    expect(await reserved(other)).toEqual(asReserved(other, false));
  });

  test('ends with the time of the key', async () => {
    const old = reservation('m3', { acceptedAtMs: expiredAtMs });
    await store.reservations.reserve([old], 0);
    await store.reservations.markOnLog([old]);
    const renewed = reservation('m3');
    expect(await reserved(renewed)).toEqual(asReserved(renewed, true));
    expect(await reserved(renewed)).toEqual(asReserved(renewed, false));
    // A mark of the event before, that comes late.
    await store.reservations.markOnLog([old]);
    expect(await reserved(renewed)).toEqual(asReserved(renewed, false));
  });

  test('does not count for an event to which a version before the mark has given the key', async () => {
    const old = reservation('m4', { acceptedAtMs: expiredAtMs });
    await store.reservations.reserve([old], 0);
    await store.reservations.markOnLog([old]);
    const admin = openDatabase({ connectionString: database.superuserUrl, poolSize: 1, applicationName: 'itest' });
    await sql`update ingestion.reservations set accepted_at_ms = ${nowMs} where key = 'm4'`.execute(admin.db);
    await admin.close();
    const renewed = reservation('m4');
    expect(await reserved(renewed)).toEqual(asReserved(renewed, false));
  });

  test('is no other event of the same moment', async () => {
    const one = reservation('m5');
    await store.reservations.reserve([one], expiredAtMs);
    await store.reservations.markOnLog([reservation('m5', { bodyHash: 'cd'.repeat(32) })]);
    await store.reservations.markOnLog([reservation('m5', { acceptedAtMs: nowMs + 1 })]);
    expect(await reserved(one)).toEqual(asReserved(one, false));
  });

  test('reserves what could not be reserved when it was accepted, unless somebody else has the key', async () => {
    const unchecked = reservation('m6');
    await store.reservations.markOnLog([unchecked]);
    expect(await reserved(reservation('m6', { acceptedAtMs: nowMs + 5 }))).toEqual(asReserved(unchecked, false, true));
    // Or had it before: a key whose time is over.
    const later = reservation('m6', { acceptedAtMs: nowMs + reservationMs, bodyHash: 'cd'.repeat(32) });
    await store.reservations.markOnLog([later]);
    expect(await reserved(later, nowMs)).toEqual(asReserved(later, false, true));
  });

  test('of many, by processes that also reserve them, in any order of keys: no deadlock', async () => {
    const stores = others.map(({ db }) => openReservations(db));
    const all = Array.from({ length: 500 }, (_, n) => reservation(`many-${n}`));
    await store.reservations.reserve(all, expiredAtMs);
    await Promise.all(
      stores.flatMap((one) => [
        one.markOnLog(all),
        one.reserve(all.toReversed(), expiredAtMs),
        one.markOnLog(all.toReversed()),
      ]),
    );
    const rows = await store.reservations.reserve(all, expiredAtMs);
    expect(rows.filter(({ isOnLog }) => isOnLog)).toHaveLength(500);
  });
});
