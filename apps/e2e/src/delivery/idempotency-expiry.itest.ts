import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventTypePolicy, IngestionServiceService, PublishRequest, RegistryChange } from '@bellwire/contracts';
import { startPipeline } from '@bellwire/dispatcher';
import { startIngestion } from '@bellwire/ingestion';
import { openLogger, openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog, topicNames, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { openDatabase } from '@bellwire/persistence';
import { openRegistryView, registryChangeKey } from '@bellwire/registry-view';
import { openChannel } from '@bellwire/rpc';
import { openKeyring } from '@bellwire/secrets';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { sql } from 'kysely';
import { until } from '../target/api.ts';

// Ingestion and dispatcher on a clock that a test moves, the simulated log, and reservations in a real Postgres.

const log = openLogger({ level: 'silent' });
const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
const hoursMs = 3_600_000;
const startMs = Date.UTC(2026, 5, 1);
let nowMs: number;
let database: FreshDatabase;
let eventLog: SimulatedLog;
let sent: { to: string; id: string }[];
let running: Scope;
let publish: (event: Partial<PublishRequest>) => Promise<{ eventId: string; duplicate: boolean }>;

const clock = { now: () => nowMs };
const onFailure = (error: unknown): void => {
  throw error;
};

const change = async (state: RegistryChange['state']): Promise<void> => {
  const record = RegistryChange.fromPartial({ state });
  const value = RegistryChange.encode(record).finish();
  await eventLog.produce([{ topic: topicNames.registryChanges, key: registryChangeKey(record), value }]);
};

/** Made now. */
const makeEndpoint = async (id: string): Promise<void> => {
  const aad = { tenantId: 'ten_1', endpointId: id, purpose: 'secret', version: 1 } as const;
  const sealed = Buffer.from(keyring.seal(`whsec_${randomBytes(24).toString('base64')}`, aad));
  const endpoint = { id, url: `https://receiver.example/${id}`, enabled: true, createdAt: new Date(nowMs) };
  const value = { tenantId: 'ten_1', version: 1, secrets: [{ version: 1, sealed }], endpoint };
  await change(RegistryChange.fromPartial({ state: { $case: 'endpoint', value } }).state);
};

/** Both services, with nothing in memory. */
const start = async (): Promise<void> => {
  running = openScope({ log });
  const view = running.own('view', await openRegistryView({ log: eventLog, onFailure }));
  await startPipeline({
    scope: running,
    log,
    clock,
    random: () => 0,
    eventLog,
    view,
    keyring,
    send: async ({ url, headers }) => {
      sent.push({ to: url.slice(url.lastIndexOf('/') + 1), id: headers['webhook-id'] ?? '' });
      const response = { status: 200, headers: {}, body: '' };
      return { outcome: 'delivered', response, durationMs: 1, timings: {} };
    },
    disableEndpoint: async () => true,
    roles: ['router', 'deliverer'],
    tiers: [{ name: '1s', delayMs: 1000 }],
    maxConcurrency: 64,
    maxInFlight: 512,
    maxDeadlineMs: 24 * hoursMs,
    disableAfterMs: 0,
    onFailure,
  });
  const { port } = await startIngestion({
    scope: running,
    log,
    clock,
    eventLog,
    view,
    authenticate: async () => ({
      kind: 'tenant',
      keyId: 'key_1',
      tenantId: 'ten_1',
      scopes: new Set(['events:publish']),
      subject: undefined,
    }),
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    maxPayloadBytes: 1000,
    learnEventTypes: async () => undefined,
    onFailure,
  });
  const channel = running.own('channel', openChannel(`127.0.0.1:${port}`));
  publish = (event) =>
    channel.unary(
      IngestionServiceService.publish,
      PublishRequest.fromPartial({ type: 'order.paid', data: '1', orderingKey: 'one-partition', ...event }),
      { bearer: 'any' },
    );
};

beforeEach(async () => {
  nowMs = startMs;
  sent = [];
  database = await freshDatabase();
  eventLog = simulatedLog({ now: clock.now });
  await eventLog.topics(topicSpecs({ partitions: 2, tiers: [{ name: '1s', delayMs: 1000 }] }));
  const tenant = { id: 'ten_1', name: 'one', dialect: 'standard', eventTypePolicy: EventTypePolicy.OPEN };
  await change(RegistryChange.fromPartial({ state: { $case: 'tenant', value: tenant } }).state);
  await makeEndpoint('ep_first');
  await start();
});
afterEach(async () => {
  await running.close();
  await database.drop();
});

/** To which endpoints an event was sent, once all that was published before has been. */
const arrivals = async (id: string): Promise<string[]> => {
  const sentinel = await publish({});
  const arrived = async (): Promise<true | undefined> =>
    sent.some((one) => one.id === sentinel.eventId && one.to === 'ep_first') ? true : undefined;
  await until('the sentinel', arrived);
  return sent.filter((one) => one.id === id).map(({ to }) => to);
};

const keyed = { idempotencyKey: 'k' };

describe('an idempotency key', () => {
  test('is one event for 72 hours, and then another, which is delivered', async () => {
    const first = await publish(keyed);
    expect(await arrivals(first.eventId)).toEqual(['ep_first']);
    nowMs += 72 * hoursMs - 1;
    expect(await publish(keyed)).toEqual({ eventId: first.eventId, duplicate: true });
    expect(await arrivals(first.eventId)).toEqual(['ep_first']);
    nowMs += 1;
    const second = await publish(keyed);
    expect(second.duplicate).toBe(false);
    expect(await publish(keyed)).toEqual({ eventId: second.eventId, duplicate: true });
    expect(await arrivals(second.eventId)).toEqual(['ep_first']);
    expect(await arrivals(first.eventId)).toEqual(['ep_first']);
  });

  test('is one delivery after a clean restart, and none to an endpoint made in between', async () => {
    const { eventId } = await publish(keyed);
    expect(await arrivals(eventId)).toEqual(['ep_first']);
    await running.close();
    nowMs += hoursMs;
    await makeEndpoint('ep_later');
    await start();
    expect(await publish(keyed)).toEqual({ eventId, duplicate: true });
    expect(await arrivals(eventId)).toEqual(['ep_first']);
  });

  test('may be delivered again after a crash before the mark, but to no endpoint made in between', async () => {
    const { eventId } = await publish(keyed);
    expect(await arrivals(eventId)).toEqual(['ep_first']);
    await running.close();
    const options = { connectionString: database.superuserUrl, poolSize: 1, applicationName: 'itest' };
    const admin = openDatabase<object>(options);
    await sql`update ingestion.reservations set on_log_accepted_at_ms = null`.execute(admin.db);
    await admin.close();
    nowMs += hoursMs;
    await makeEndpoint('ep_later');
    await start();
    expect(await publish(keyed)).toEqual({ eventId, duplicate: true });
    expect(new Set(await arrivals(eventId))).toEqual(new Set(['ep_first']));
    expect(eventLog.records(topicNames.events)).toHaveLength(4);
  });
});
