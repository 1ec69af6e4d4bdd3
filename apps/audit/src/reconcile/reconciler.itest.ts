import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openLogger } from '@bellwire/lifecycle';
import { acrossTenants, migrate, openDatabase, type Database } from '@bellwire/persistence';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { migrations } from '../../migrations/index.ts';
import { keepCheck } from '../store/missing.ts';
import type { Tables } from '../store/tables.ts';
import { until, yes } from '../testing/audit-under-test.ts';
import { openReconciler, type Reconciler } from './reconciler.ts';
import type { Findings } from './run-check.ts';

let database: FreshDatabase;
let tables: Database<Tables>;
const open: Reconciler[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  tables = openDatabase<Tables>({ connectionString: database.url, poolSize: 8, applicationName: 'itest' });
  await migrate({ db: tables.db, schema: 'audit', migrations });
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await acrossTenants(tables.db, (trx) => trx.deleteFrom('audit.reconcile_checks').execute());
});
afterAll(async () => {
  await tables.close();
  await database.drop();
});

const aProcess = ({ intervalMs, makeCheck }: { intervalMs: number; makeCheck: () => Promise<Partial<Findings>> }) => {
  const lines: unknown[][] = [];
  const keep = (...line: unknown[]): void => void lines.push(line);
  const log = Object.assign(openLogger({ level: 'silent' }), { info: keep, warn: keep, error: keep });
  const runCheck = async (): Promise<Findings> => {
    const checkedAtMs = Date.now();
    const found = {
      asOfMs: checkedAtMs,
      missingDeliveries: 0,
      missingEvents: 0,
      overdue: 0,
      recordsRead: 0,
      samples: [],
    };
    const findings = { ...found, checkedAtMs, ...(await makeCheck()), tookMs: Date.now() - checkedAtMs };
    await acrossTenants(tables.db, (trx) => keepCheck(trx, findings));
    return findings;
  };
  const clock = { now: () => Date.now() };
  const reconciler = openReconciler({ db: tables.db, runCheck, clock, log, intervalMs, tickMs: 20 });
  open.push(reconciler);
  return { reconciler, lines };
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('several processes make one check an interval between them, and never two at once', async () => {
  const began: number[] = [];
  let under = 0;
  let most = 0;
  const makeCheck = async () => {
    began.push(Date.now());
    most = Math.max(most, ++under);
    await pause(50);
    under--;
    return {};
  };
  const processes = [1, 2, 3].map(() => aProcess({ intervalMs: 400, makeCheck }));
  await until('four checks', () => yes(began.length >= 4));
  for (const { reconciler } of processes) await reconciler.close();
  expect(most).toBe(1);
  const gaps = began.slice(1).map((at, nth) => at - (began[nth] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(390);
});

test('says what each check has come to, and loudly where something is missing', async () => {
  const { reconciler, lines } = aProcess({
    intervalMs: 0,
    makeCheck: async () => ({
      missingDeliveries: 2,
      missingEvents: 1,
      overdue: 9,
      recordsRead: 30,
      samples: [
        { kind: 'delivery', id: 'one' },
        { kind: 'delivery', id: 'two' },
        { kind: 'event', id: 'evt_1' },
      ],
    }),
  });
  expect(await reconciler.last()).toBeUndefined();
  expect(await reconciler.check(5000)).toMatchObject({ missingDeliveries: 2, missingEvents: 1 });
  const counts = { missing_deliveries: 2, missing_events: 1 };
  expect(lines).toMatchObject([
    [{ ...counts, overdue: 9, records_read: 30 }, 'reconcile.done'],
    [{ ...counts, delivery_ids: ['one', 'two'], event_ids: ['evt_1'] }, 'reconcile.missing'],
  ]);
});

test('a check that was made just now is used again; one that takes long goes on behind the answer', async () => {
  let made = 0;
  let end = Promise.resolve();
  const makeCheck = async () => {
    made++;
    await end;
    return {};
  };
  const { reconciler } = aProcess({ intervalMs: 0, makeCheck });
  const first = await reconciler.check(5000);
  expect(await reconciler.check(5000)).toEqual(first);
  expect(made).toBe(1);

  await acrossTenants(tables.db, (trx) =>
    trx
      .updateTable('audit.reconcile_checks')
      .set({ checked_at: new Date(0) })
      .execute(),
  );
  const slow = Promise.withResolvers<void>();
  end = slow.promise;
  expect(await reconciler.check(50)).toBeUndefined();
  expect(await reconciler.check(50)).toBeUndefined();
  expect(made).toBe(2);
  slow.resolve();
  await until('its end', async () => yes((await reconciler.last())?.checkedAtMs !== 0));
  expect(made).toBe(2);
});

test('a check that fails tells who asked, and the next one is made anew', async () => {
  let fails = true;
  const makeCheck = async () => {
    if (fails) throw new Error('no log');
    return {};
  };
  const { reconciler, lines } = aProcess({ intervalMs: 0, makeCheck });
  await expect(reconciler.check(5000)).rejects.toThrow('no log');
  expect(lines).toMatchObject([[{}, 'reconcile.failed']]);
  fails = false;
  expect(await reconciler.check(5000)).toMatchObject({ missingDeliveries: 0 });
});
