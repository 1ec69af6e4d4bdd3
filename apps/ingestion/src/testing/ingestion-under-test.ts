import { EventRecord, IngestionServiceService, type PublishRequest } from '@bellwire/contracts';
import type { Principal } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog } from '@bellwire/messaging';
import { openDatabase } from '@bellwire/persistence';
import { openChannel, type RpcChannel } from '@bellwire/rpc';
import { freshDatabase } from '@bellwire/testing';
import { sql } from 'kysely';
import { anEvent, fakeCatalogue, silentLog } from '../doubles.ts';
import { startIngestion, type IngestionDeps } from '../index.ts';

const tenantKey = (change: Partial<Extract<Principal, { kind: 'tenant' }>> = {}): Principal => ({
  kind: 'tenant',
  keyId: 'key_1',
  tenantId: 'ten_1',
  scopes: new Set(['events:publish']),
  subject: undefined,
  ...change,
});

const principals: Readonly<Record<string, Principal>> = {
  good: tenantKey(),
  reader: tenantKey({ scopes: new Set(['events:read']) }),
  user: tenantKey({ subject: 'u1' }),
  anywhere: tenantKey({ scopes: new Set(['publish:any']) }),
  lost: tenantKey({ tenantId: 'ten_lost' }),
};

const authenticate = async (bearer: string): Promise<Principal> => {
  const principal = principals[bearer];
  if (principal === undefined) throw new Fault('UNKNOWN_KEY', 'The API key is not known.');
  return principal;
};

/** Ingestion as a service, on a real Postgres of its own and the simulated log; bearers are the names above. */
export const ingestionUnderTest = async () => {
  const time = { nowMs: Date.UTC(2026, 5, 1) };
  const database = await freshDatabase();
  const eventLog = simulatedLog({ partitions: 4 });
  const catalogue = fakeCatalogue();
  catalogue.add({ id: 'ten_1' });
  catalogue.add({ id: 'ten_2' });
  const scope = openScope({ log: silentLog });
  const failures: unknown[] = [];

  /** Another process, of its own scope, on the same log and database. */
  const start = async (owner: Scope = scope, change: Partial<IngestionDeps> = {}): Promise<RpcChannel> => {
    const { port } = await startIngestion({
      scope: owner,
      log: silentLog,
      clock: { now: () => time.nowMs },
      eventLog,
      view: catalogue,
      authenticate,
      host: '127.0.0.1',
      port: 0,
      databaseUrl: database.url,
      maxPayloadBytes: 262_144,
      learnEventTypes: async () => undefined,
      onFailure: (error) => void failures.push(error),
      ...change,
    });
    return owner.own('channel', openChannel(`127.0.0.1:${port}`));
  };

  const channel = await start();
  return {
    time,
    database,
    eventLog,
    start,
    channel,
    onLog: () => eventLog.records('events').map(({ value }) => EventRecord.decode(value ?? new Uint8Array())),
    send: (event: Partial<PublishRequest>, bearer = 'good', tenant?: string) =>
      channel.unary(IngestionServiceService.publish, anEvent(event), { bearer, tenant }),
    asSuperuser: async <Row>(query: string): Promise<readonly Row[]> => {
      const admin = openDatabase({
        connectionString: database.superuserUrl,
        poolSize: 1,
        applicationName: 'itest',
      });
      const { rows } = await sql.raw<Row>(query).execute(admin.db);
      await admin.close();
      return rows;
    },
    /** Answers what any of its processes has failed with. */
    close: async (): Promise<readonly unknown[]> => {
      await scope.close();
      await database.drop();
      return failures;
    },
  };
};

export type IngestionUnderTest = Awaited<ReturnType<typeof ingestionUnderTest>>;
