import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { deliveryIdOf } from '@bellwire/domain';
import { DeliveryRecord } from '@bellwire/contracts';
import { simulatedLog, topicNames, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { acrossTenants, migrate, openDatabase, type Database } from '@bellwire/persistence';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { migrations } from '../../migrations/index.ts';
import { dayOf } from '../days.ts';
import { stateOrder } from '../delivery-state.ts';
import type { DeliveryRow } from '../rows.ts';
import { listMissing } from '../store/missing.ts';
import { openPartitions } from '../store/partitions.ts';
import { readProgress } from '../store/progress.ts';
import type { Tables } from '../store/tables.ts';
import { makeWriteRows } from '../store/write-rows.ts';
import { makeRunCheck } from './run-check.ts';
import { makeSeeLiveRecords } from './see-live-records.ts';

const hourMs = 60 * 60 * 1000;
const count = 40_000;
const chunk = 5000;
const tier = { name: '8h', delayMs: 8 * hourMs };
/** Every 4,000th has no record. */
const isLost = (nth: number): boolean => nth % 4000 === 2000;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** In use when the garbage is gone. */
const usedBytes = (): number => {
  if (typeof collectGarbage !== 'function') throw new Error('this Node has no gc');
  // What a finalizer lets go of is collected by the next.
  for (let times = 0; times < 3; times++) Reflect.apply(collectGarbage, undefined, []);
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

let database: FreshDatabase;
let tables: Database<Tables>;
let eventLog: SimulatedLog;
const acceptedAtMs = Date.now() - hourMs;
const ids = Array.from({ length: count }, (_, nth) => deliveryIdOf(`evt_${nth}`, 'ep_1', acceptedAtMs));

const heldRow = (id: string, nth: number): DeliveryRow => {
  const state = { round: 1, status: 'held', reason: 'endpoint_disabled', nextAttemptAtMs: undefined } as const;
  return {
    ...state,
    day: dayOf(acceptedAtMs),
    id,
    tenantId: `ten_${nth % 7}`,
    endpointId: 'ep_1',
    eventId: `evt_${nth}`,
    eventType: 'order.paid',
    subject: undefined,
    endpointSubject: undefined,
    acceptedAtMs,
    isTest: false,
    completedAtMs: undefined,
    attemptCount: 0,
    stateOrder: stateOrder({ ...state, attempt: 0, atMs: acceptedAtMs }),
  };
};

beforeAll(async () => {
  database = await freshDatabase();
  tables = openDatabase<Tables>({ connectionString: database.url, poolSize: 2, applicationName: 'itest' });
  await migrate({ db: tables.db, schema: 'audit', migrations });
  eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 4, tiers: [tier] }));
  const writeRows = makeWriteRows({ pool: tables.pool, partitions: openPartitions(tables.pool) });
  const nothing = { events: [], attempts: [], deadLetters: [], unreadable: [], progress: [] };
  for (let at = 0; at < count; at += chunk) {
    const some = ids.slice(at, at + chunk);
    await writeRows({ ...nothing, deliveries: some.map((id, nth) => heldRow(id, at + nth)) });
    const records = some.map((deliveryId) => ({
      topic: topicNames.retries(tier.name),
      key: deliveryId,
      value: DeliveryRecord.encode(DeliveryRecord.fromPartial({ deliveryId, round: 1 })).finish(),
    }));
    await eventLog.produce(records.filter((_, nth) => !isLost(at + nth)));
  }
}, 300_000);
afterAll(async () => {
  await tables.close();
  await database.drop();
});

test.each([
  // A delivery is looked for by its own id and by its event's.
  { mostWanted: 400_000, readings: 1 },
  { mostWanted: 48_000, readings: 2 },
])(
  '40,000 deliveries past their time are checked within a bounded memory, $readings times',
  async (given) => {
    const { mostWanted, readings } = given;
    const seeLiveRecords = makeSeeLiveRecords({ eventLog, tiers: [tier.name] });
    const beforeBytes = usedBytes();
    let heldBytes = 0;
    const runCheck = makeRunCheck({
      db: tables.db,
      eventLog,
      asOf: async () => ({ eventsMs: Date.now(), historyMs: Date.now() }),
      readProgress: () => readProgress(tables.db),
      seeLiveRecords: (wanted, signal) => {
        heldBytes = Math.max(heldBytes, usedBytes() - beforeBytes);
        return seeLiveRecords(wanted, signal);
      },
      clock: { now: () => Date.now() },
      retentionMs: 24 * hourMs,
      graceMs: 60_000,
      mostWanted,
    });
    const findings = await runCheck(new AbortController().signal);
    console.log(`${count}: ${Math.round(findings.tookMs)} ms, ${Math.round(heldBytes / 1024)} KiB held`);
    expect(findings).toMatchObject({ overdue: count, missingDeliveries: 10, recordsRead: readings * (count - 10) });
    const viewer = { tenantId: undefined, subject: undefined, visibleFromMs: 0 };
    const slice = { after: undefined, offset: 0, limit: 100, sinceMs: undefined, untilMs: undefined };
    const missing = await acrossTenants(tables.db, (trx) => listMissing(trx, viewer, slice));
    expect(missing.map(({ id }) => id).sort()).toEqual(ids.filter((_, nth) => isLost(nth)).sort());
    // 13 bytes for each of the slots, of which half at least is free; objects of the rows would be 20 MiB.
    expect(heldBytes).toBeLessThan(8 * 1024 * 1024);
  },
  300_000,
);
