import { AuditServiceService, type AuditServiceServer } from '@bellwire/contracts';
import type { Clock, Principal } from '@bellwire/domain';
import type { Logger, Scope } from '@bellwire/lifecycle';
import { groupNames, startWorker, type Log } from '@bellwire/messaging';
import { migrate, openDatabase, type Database } from '@bellwire/persistence';
import { makeHandlers, serveGrpc } from '@bellwire/rpc';
import { logPutAside } from '@bellwire/service';
import { migrations } from '../migrations/index.ts';
import { makeAsOf, type AsOf } from './as-of.ts';
import { dayMs } from './days.ts';
import { historyTopics } from './history-record.ts';
import { openReconciler, type Reconciler } from './reconcile/reconciler.ts';
import { makeRunCheck } from './reconcile/run-check.ts';
import { makeSeeLiveRecords } from './reconcile/see-live-records.ts';
import { makeGetDelivery } from './rpc/get-delivery.ts';
import { makeGetEvent } from './rpc/get-event.ts';
import { makeGetStats } from './rpc/get-stats.ts';
import { makeListDeadLetters } from './rpc/list-dead-letters.ts';
import { makeListDeliveries } from './rpc/list-deliveries.ts';
import { makeListEvents } from './rpc/list-events.ts';
import { makeRead } from './rpc/reading.ts';
import { makeReconcile } from './rpc/reconcile.ts';
import { openPartitions } from './store/partitions.ts';
import { readProgress } from './store/progress.ts';
import type { Tables } from './store/tables.ts';
import { deleteUnreadableBefore } from './store/unreadable-records.ts';
import { makeWriteRows } from './store/write-rows.ts';
import { every, makeMaintainPartitions } from './workers/maintain-partitions.ts';
import { makeWatchLag } from './workers/watch-lag.ts';
import { openWriter } from './workers/writer.ts';
import { makeDecode, makeWriteBatch } from './write-batch.ts';

export interface AuditDeps {
  scope: Scope;
  log: Logger;
  clock: Clock;
  /** By it retention is over. @default clock */
  expiryClock?: Clock;
  eventLog: Log;
  authenticate(bearer: string): Promise<Principal>;
  host: string;
  /** 0: a free one. */
  port: number;
  databaseUrl: string;
  /** Days for which events, deliveries and attempts are kept and shown. */
  retentionDays: number;
  /** The check for deliveries that nothing works on any more. */
  reconcile: {
    /** 0: only when asked. */
    intervalMs: number;
    graceMs: number;
    /** Names of the delay tiers. */
    tiers: readonly string[];
    /** @default see RunCheckDeps */
    mostWanted?: number;
  };
  /** The recording has ended by a bug: ends the process. What is tried again is logged and not told here. */
  onFailure(error: unknown): void;
  /** How often partitions are made and dropped, in milliseconds. @default ten minutes */
  maintenanceIntervalMs?: number;
}

const service = 'bellwire.audit.v1.AuditService';
const drainTimeoutMs = 5000;
const watchIntervalMs = 60_000;
/** What is recorded is visible within a second: this, the writing and the log between. */
const gatherMs = 250;
/** Nobody waits for a single record: few large fetches. */
const paceMs = 50;

/** Databases apart, so that no query waits behind a batch, and no batch behind queries. */
const openOwn = ({ scope, log, databaseUrl }: AuditDeps, name: string, poolSize: number): Database<Tables> =>
  scope.own(
    name,
    openDatabase<Tables>({
      connectionString: databaseUrl,
      poolSize,
      applicationName: name,
      onLostConnection: (error) => log.warn({ database: name, err: error }, 'database.connection_lost'),
    }),
  );

/** What waits while Postgres is away, of all partitions together. */
const window = { records: 2000, bytes: 16 * 1024 * 1024, totalBytes: 64 * 1024 * 1024 };

/** Consumes what happened and records it. */
const startRecording = async (deps: AuditDeps, database: Database<Tables>): Promise<void> => {
  const { scope, log, clock, eventLog, onFailure, maintenanceIntervalMs = 10 * 60 * 1000 } = deps;
  const { expiryClock = clock } = deps;
  const retentionMs = deps.retentionDays * dayMs;
  const partitions = openPartitions(database.pool);
  const dropUnreadableBefore = (timeMs: number) => deleteUnreadableBefore(database.db, timeMs);
  const maintain = makeMaintainPartitions({
    partitions,
    dropUnreadableBefore,
    clock,
    expiryClock,
    retentionMs,
    log,
  });
  const onMaintenance = (error: unknown) => log.warn({ err: error }, 'audit.maintenance_failed');
  await maintain().catch(onMaintenance);
  scope.own('audit maintenance', every(maintenanceIntervalMs, maintain, onMaintenance));

  const writeBatch = makeWriteBatch({ writeRows: makeWriteRows({ pool: database.pool, partitions }), clock, log });
  const writer = scope.own(
    'audit writer',
    openWriter({ decode: makeDecode({ clock, expiryClock, retentionMs }), writeBatch, log, onFailure, gatherMs }),
  );
  const watching = setInterval(makeWatchLag({ writer, clock, log }), watchIntervalMs);
  scope.own('audit lag watch', { close: () => clearInterval(watching) });

  const worker = await startWorker({
    log: eventLog,
    topics: historyTopics,
    group: groupNames.audit,
    paceMs,
    window,
    // The bytes alone do not say which topic they are of: the writer decodes, as it gathers.
    decode: (bytes) => bytes,
    handle: writer.add,
    endsInOrder: () => !scope.hasFailed(),
    onPutAside: logPutAside(log),
    onFailure: (error) => log.warn({ err: error }, 'audit.retried'),
  });
  const close = async (): Promise<void> => {
    await worker.drain(drainTimeoutMs);
    await worker.close();
  };
  scope.own('audit consumer', { close });
};

/** Finds what was lost, on connections of its own: one holds the lock while another reads. */
const startReconciling = (deps: AuditDeps, asOf: () => Promise<AsOf>): Reconciler => {
  const { scope, log, clock, eventLog, reconcile } = deps;
  const { intervalMs, graceMs, mostWanted } = reconcile;
  const { db } = openOwn(deps, 'bellwire-audit-reconcile', 2);
  const runCheck = makeRunCheck({
    db,
    eventLog,
    asOf,
    readProgress: () => readProgress(db),
    seeLiveRecords: makeSeeLiveRecords({ eventLog, tiers: reconcile.tiers }),
    clock,
    retentionMs: deps.retentionDays * dayMs,
    graceMs,
    mostWanted,
  });
  return scope.own('audit reconciler', openReconciler({ db, runCheck, clock, log, intervalMs }));
};

/** Records what happened to events and deliveries, and answers what did. */
export const startAudit = async (deps: AuditDeps): Promise<{ port: number }> => {
  const { scope, log, clock, expiryClock = clock, eventLog, authenticate, host, port } = deps;
  const writing = openOwn(deps, 'bellwire-audit-writer', 2);
  const reading = openOwn(deps, 'bellwire-audit', 8);
  await migrate({ db: writing.db, schema: 'audit', migrations });
  await startRecording(deps, writing);

  const retentionMs = deps.retentionDays * dayMs;
  const asOf = makeAsOf({ eventLog, readProgress: () => readProgress(reading.db), clock, retentionMs });
  const read = makeRead({ db: reading.db, asOf, clock, expiryClock, retentionMs });
  const reconciler = startReconciling(deps, asOf);
  const onBug = (error: unknown, method: string) => log.error({ method, err: error }, 'rpc.failed');
  const handlers = makeHandlers({ service, authenticate, onBug });
  const implementation: AuditServiceServer = {
    getEvent: handlers.unary('GetEvent', makeGetEvent(read)),
    listEvents: handlers.unary('ListEvents', makeListEvents(read)),
    getDelivery: handlers.unary('GetDelivery', makeGetDelivery(read)),
    listDeliveries: handlers.unary('ListDeliveries', makeListDeliveries(read)),
    listDeadLetters: handlers.unary('ListDeadLetters', makeListDeadLetters(read)),
    getStats: handlers.unary('GetStats', makeGetStats(read)),
    reconcile: handlers.unary(
      'Reconcile',
      makeReconcile({ db: reading.db, reconciler, clock: expiryClock, retentionMs }),
    ),
  };
  return scope.own(service, await serveGrpc({ host, port, service, definition: AuditServiceService, implementation }));
};
