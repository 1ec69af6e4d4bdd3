import {
  AuditServiceService,
  GetStatsRequest,
  ListDeliveriesRequest,
  ListEventsRequest,
  ReconcileRequest,
} from '@bellwire/contracts';
import { tenantScopes, type Principal } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { openLogger, openScope } from '@bellwire/lifecycle';
import { simulatedLog, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { openDatabase } from '@bellwire/persistence';
import { openChannel, type CallOptions } from '@bellwire/rpc';
import { startAudit, type AuditDeps } from '../start-audit.ts';
import type { Tables } from '../store/tables.ts';

/** `admin`, or `<tenant>`, `<tenant>/<subject>`, `<tenant>//<scope>`: a key that says what it may. */
const authenticate = async (bearer: string): Promise<Principal> => {
  if (bearer === 'admin') return { kind: 'admin' };
  const [tenantId = '', subject, scope] = bearer.split('/');
  if (!tenantId.startsWith('ten_')) throw new Fault('UNKNOWN_KEY', 'The API key is not known.');
  const scopes = new Set<string>(scope === undefined ? tenantScopes : [scope]);
  return { kind: 'tenant', keyId: 'key_1', tenantId, scopes, subject: subject === '' ? undefined : subject };
};

export const aLog = async (partitions = 4): Promise<SimulatedLog> => {
  const log = simulatedLog();
  await log.topics(topicSpecs({ partitions, tiers: [] }));
  return log;
};

/** Waits for a condition, 20 seconds at most. */
export const until = async <T>(what: string, find: () => Promise<T | undefined> | T | undefined): Promise<T> => {
  for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited too long for ${what}`);
};

export const yes = (condition: boolean): true | undefined => (condition ? true : undefined);

export interface AuditUnderTestOptions {
  url: string;
  superuserUrl: string;
  eventLog?: SimulatedLog;
  deps?: Partial<AuditDeps>;
}

/** A real audit on a real database, asked over gRPC as `<bearer>`. */
export const startAuditUnderTest = async ({ url, superuserUrl, eventLog, deps }: AuditUnderTestOptions) => {
  const log = openLogger({ level: 'silent' });
  const scope = openScope({ log });
  const eventLogInUse = eventLog ?? (await aLog());
  const failures: unknown[] = [];
  const { port } = await startAudit({
    scope,
    log,
    clock: { now: () => Date.now() },
    eventLog: eventLogInUse,
    authenticate,
    host: '127.0.0.1',
    port: 0,
    databaseUrl: url,
    retentionDays: 30,
    reconcile: { intervalMs: 0, graceMs: 1000, tiers: [] },
    onFailure: (error) => failures.push(error),
    ...deps,
  });
  const channel = scope.own('channel', openChannel(`127.0.0.1:${port}`));
  const admin = scope.own(
    'superuser',
    openDatabase<Tables>({ connectionString: superuserUrl, poolSize: 2, applicationName: 'itest' }),
  );
  const options = (bearer: string, tenant?: string): CallOptions => ({ bearer, tenant });

  return {
    eventLog: eventLogInUse,
    failures,
    sql: async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
      (await admin.pool.query<Record<string, unknown>>(text, values)).rows,
    /** Everything that is on the log is settled: written. */
    settled: () =>
      until('everything to be settled', async () => {
        for (const topic of ['events', 'audit', 'dead-letters']) {
          const ends = await eventLogInUse.endOffsets(topic);
          for (const [partition, end] of ends.entries()) {
            const commit = eventLogInUse
              .committed('audit')
              .find((one) => one.topic === topic && one.partition === partition);
            if ((commit?.offset ?? 0) < end) return undefined;
          }
        }
        return true;
      }),
    getEvent: (id: string, bearer = 'ten_a', tenant?: string) =>
      channel.unary(AuditServiceService.getEvent, { id }, options(bearer, tenant)),
    getDelivery: (id: string, bearer = 'ten_a', tenant?: string) =>
      channel.unary(AuditServiceService.getDelivery, { id }, options(bearer, tenant)),
    listEvents: (request: Partial<ListEventsRequest> = {}, bearer = 'ten_a', tenant?: string) =>
      channel.unary(AuditServiceService.listEvents, ListEventsRequest.fromPartial(request), options(bearer, tenant)),
    listDeliveries: (request: Partial<ListDeliveriesRequest> = {}, bearer = 'ten_a', tenant?: string) =>
      channel.unary(
        AuditServiceService.listDeliveries,
        ListDeliveriesRequest.fromPartial(request),
        options(bearer, tenant),
      ),
    listDeadLetters: (request: Partial<ListDeliveriesRequest> = {}, bearer = 'ten_a', tenant?: string) =>
      channel.unary(
        AuditServiceService.listDeadLetters,
        ListDeliveriesRequest.fromPartial(request),
        options(bearer, tenant),
      ),
    getStats: (request: Partial<GetStatsRequest> = {}, bearer = 'ten_a', tenant?: string) =>
      channel.unary(AuditServiceService.getStats, GetStatsRequest.fromPartial(request), options(bearer, tenant)),
    reconcile: (request: Partial<ReconcileRequest> = {}, bearer = 'ten_a', tenant?: string) =>
      channel.unary(AuditServiceService.reconcile, ReconcileRequest.fromPartial(request), options(bearer, tenant)),
    close: () => scope.close(),
  };
};

export type AuditUnderTest = Awaited<ReturnType<typeof startAuditUnderTest>>;
