import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { memoryReservations, silentLog, until, type MemoryReservations } from './doubles.ts';
import type { Reservation } from './ports.ts';
import { makeKeyReserver, type KeyReserver, type KeyReserverOptions } from './reserve-keys.ts';

const nowMs = Date.UTC(2026, 5, 1);
let reservations: MemoryReservations;
let reserver: KeyReserver;
let lines: [unknown, string | undefined][];

const open = (options: Partial<KeyReserverOptions> = {}) => {
  const log = {
    ...silentLog,
    warn: (fields: unknown, text?: string) => void lines.push([fields, text]),
    info: () => undefined,
  };
  reserver = makeKeyReserver({
    reservations,
    clock: { now: () => nowMs },
    log,
    timeoutMs: 20,
    probeMs: 10,
    ...options,
  });
};

beforeEach(() => {
  reservations = memoryReservations();
  lines = [];
  open();
});
afterEach(() => reserver.close());

const wantedOf = (key: string, bodyHash = 'aa'): Reservation => ({
  tenantId: 'ten_1',
  key,
  eventId: `evt_${key}`,
  bodyHash,
  acceptedAtMs: nowMs,
});
const uncheckedCount = () =>
  lines.reduce((sum, [fields, text]) => {
    const isCount =
      text === 'idempotency.unchecked' && typeof fields === 'object' && fields !== null && 'count' in fields;
    return sum + (isCount ? Number(fields.count) : 0);
  }, 0);

describe('reserving keys', () => {
  test('callers that come while a statement is under way share the next', async () => {
    const first = reserver.reserve([wantedOf('a')]);
    await until(() => reservations.statements.length === 1);
    const rest = ['b', 'c', 'a'].map((key) => reserver.reserve([wantedOf(key)]));
    expect((await first)[0]).toMatchObject({ key: 'a', isNew: true });
    expect((await Promise.all(rest)).flat().map(({ key, isNew }) => [key, isNew])).toEqual([
      ['b', true],
      ['c', true],
      ['a', false],
    ]);
    expect(reservations.statements.length).toBeLessThanOrEqual(3);
  });

  test('a statement takes no more than its limit, except of one caller', async () => {
    open({ maxInStatement: 2 });
    const calls = [['a', 'b', 'c'], ['d'], ['e'], ['f']].map((keys) =>
      reserver.reserve(keys.map((key) => wantedOf(key))),
    );
    await Promise.all(calls);
    expect(reservations.statements.map(({ length }) => length)).toEqual([3, 2, 1]);
  });

  test('callers are refused where too many wait', async () => {
    open({ maxWaiting: 2 });
    const waiting = reserver.reserve([wantedOf('a'), wantedOf('b')]);
    await expect(reserver.reserve([wantedOf('c')])).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await waiting;
    expect(await reserver.reserve([wantedOf('c')])).toHaveLength(1);
  });

  test('while the database is away nobody waits, and what goes unchecked is counted', async () => {
    reservations.mode = 'hangs';
    await reserver.reserve([wantedOf('a')]);
    const startedAt = performance.now();
    for (let n = 0; n < 100; n++) await reserver.reserve([wantedOf(`k${n}`)]);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    await until(() => uncheckedCount() === 101);
    reservations.mode = 'works';
    let n = 0;
    await until(async () => {
      await reserver.reserve([wantedOf(`again${n++}`)]);
      return reservations.rows.size > 0;
    });
  });
});
