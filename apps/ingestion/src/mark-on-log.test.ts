import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { memoryReservations, silentLog, until, type MemoryReservations } from './doubles.ts';
import { makeLogMarker, type LogMarker, type LogMarkerOptions } from './mark-on-log.ts';
import { reservationMs, type Reservation } from './ports.ts';

const nowMs = Date.UTC(2026, 5, 1);
let reservations: MemoryReservations;
let marker: LogMarker;
let lines: string[];

const open = (options: Partial<LogMarkerOptions> = {}) => {
  const warn = (fields: unknown, text?: string): void => {
    const isCount = typeof fields === 'object' && fields !== null && 'count' in fields;
    lines.push(`${text} ${isCount ? String(fields.count) : ''}`);
  };
  marker = makeLogMarker({
    reservations,
    log: { ...silentLog, warn },
    gatherMs: 10,
    retryMs: 10,
    timeoutMs: 50,
    ...options,
  });
};

beforeEach(() => {
  reservations = memoryReservations();
  lines = [];
  open();
});
afterEach(async () => {
  reservations.mode = 'works';
  await marker.close();
});

const aReservation = (key: string, change: Partial<Reservation> = {}): Reservation => ({
  tenantId: 'ten_1',
  key,
  eventId: `evt_${key}`,
  bodyHash: 'aa',
  acceptedAtMs: nowMs,
  ...change,
});
const named = (count: number): Reservation[] => Array.from({ length: count }, (_, n) => aReservation(`k${n}`));
const isOnLog = async (reservation: Reservation): Promise<boolean | undefined> =>
  (await reservations.reserve([reservation], reservation.acceptedAtMs - reservationMs))[0]?.isOnLog;

describe('marking what the log has', () => {
  test('is one statement for all that come within a moment', async () => {
    for (const one of named(50)) marker.mark([one]);
    await until(() => reservations.rows.size === 50);
    expect(reservations.marks.map(({ length }) => length)).toEqual([50]);
  });

  test('takes no more into a statement than its limit', async () => {
    open({ maxInStatement: 20 });
    marker.mark(named(50));
    await until(() => reservations.rows.size === 50);
    expect(reservations.marks.map(({ length }) => length)).toEqual([20, 20, 10]);
  });

  test('is done when it is closed, without waiting for more', async () => {
    open({ gatherMs: 60_000, maxInStatement: 20 });
    marker.mark(named(50));
    await marker.close();
    expect(reservations.rows.size).toBe(50);
    expect(lines).toEqual([]);
  });

  test('takes what an acknowledgement of the same moment still marks when it is closed', async () => {
    const closing = marker.close();
    await Promise.resolve().then(() => marker.mark(named(1)));
    await closing;
    expect(reservations.rows.size).toBe(1);
  });

  test.each(['fails', 'hangs'] as const)('is done later where the database %s meanwhile', async (mode) => {
    reservations.mode = mode;
    marker.mark(named(3));
    await until(() => lines.length > 0);
    reservations.mode = 'works';
    marker.mark([aReservation('later')]);
    await until(() => reservations.rows.size === 4);
    expect(lines).toEqual(['idempotency.not_marked 3']);
  });

  test('keeps no more than there is room for, and counts the rest', async () => {
    open({ maxWaiting: 2 });
    reservations.mode = 'fails';
    marker.mark(named(5));
    await until(() => lines.length === 2);
    reservations.mode = 'works';
    await until(() => reservations.rows.size === 2);
    expect(lines).toEqual(['idempotency.not_marked 2', 'idempotency.unmarked 3']);
  });

  test('counts what is lost with a stop while the database is away', async () => {
    reservations.mode = 'fails';
    marker.mark(named(5));
    await marker.close();
    expect(lines).toEqual(['idempotency.not_marked 5', 'idempotency.unmarked 5']);
  });

  test('is for the first event of a key while its time lasts, and then for the next', async () => {
    const first = aReservation('k');
    const within = aReservation('k', { acceptedAtMs: nowMs + 1000 });
    const after = aReservation('k', { acceptedAtMs: nowMs + 1000 + reservationMs });
    marker.mark([first, within]);
    await until(() => reservations.rows.size === 1);
    expect(reservations.rows.get('ten_1/k')).toBe(first);
    expect(await isOnLog(first)).toBe(true);
    marker.mark([within, after]);
    await until(() => reservations.rows.get('ten_1/k') === after);
    expect(await isOnLog(after)).toBe(true);
  });
});
