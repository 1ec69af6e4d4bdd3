import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EventRecord, IngestionServiceService, PublishRequest, type PublishResult } from '@bellwire/contracts';
import { keyedEventId, type Principal } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog, type SimulatedLog } from '@bellwire/messaging';
import { openDatabase } from '@bellwire/persistence';
import { openChannel, type RpcChannel } from '@bellwire/rpc';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { sql } from 'kysely';
import { anEvent, fakeCatalogue, silentLog, until, type FakeCatalogue } from './doubles.ts';
import { startIngestion, type IngestionDeps } from './index.ts';

const { publish, publishBatch, publishStream } = IngestionServiceService;
let database: FreshDatabase;
let eventLog: SimulatedLog;
let catalogue: FakeCatalogue;
let scope: Scope;
let channel: RpcChannel;
let nowMs: number;

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

/** An ingestion of its own scope, on the shared log and database. */
const start = async (owner: Scope, change: Partial<IngestionDeps> = {}): Promise<RpcChannel> => {
  const { port } = await startIngestion({
    scope: owner,
    log: silentLog,
    clock: { now: () => nowMs },
    eventLog,
    view: catalogue,
    authenticate: async (bearer) => {
      const principal = principals[bearer];
      if (principal === undefined) throw new Fault('UNKNOWN_KEY', 'The API key is not known.');
      return principal;
    },
    host: '127.0.0.1',
    port: 0,
    databaseUrl: database.url,
    maxPayloadBytes: 262_144,
    learnEventTypes: async () => undefined,
    onFailure: (error) => expect(error).toBeUndefined(),
    ...change,
  });
  return owner.own('channel', openChannel(`127.0.0.1:${port}`));
};

beforeEach(async () => {
  nowMs = Date.UTC(2026, 5, 1);
  database = await freshDatabase();
  eventLog = simulatedLog({ partitions: 4 });
  catalogue = fakeCatalogue();
  catalogue.add({ id: 'ten_1' });
  catalogue.add({ id: 'ten_2' });
  scope = openScope({ log: silentLog });
  channel = await start(scope);
});
afterEach(async () => {
  await scope.close();
  await database.drop();
});

const onLog = () => eventLog.records('events').map(({ value }) => EventRecord.decode(value ?? new Uint8Array()));
const send = (event: Partial<PublishRequest>, bearer = 'good', tenant?: string) =>
  channel.unary(publish, anEvent(event), { bearer, tenant });
const acceptedOf = ({ result }: PublishResult) => (result?.$case === 'accepted' ? result.value : undefined);
const asSuperuser = async <Row>(query: string): Promise<readonly Row[]> => {
  const { db, close } = openDatabase({
    connectionString: database.superuserUrl,
    poolSize: 1,
    applicationName: 'itest',
  });
  const { rows } = await sql.raw<Row>(query).execute(db);
  await close();
  return rows;
};

describe('Publish', () => {
  test('answers once the log has the event', async () => {
    const { eventId, duplicate } = await send({
      data: '{ "a" : 1.0 }',
      subject: 'u1',
      occurredAt: new Date(nowMs - 5),
    });
    expect(duplicate).toBe(false);
    expect(onLog()).toMatchObject([
      { eventId, tenantId: 'ten_1', data: '{"a":1.0}', subject: 'u1', occurredAtMs: nowMs - 5, acceptedAtMs: nowMs },
    ]);
  });

  test('refuses with the reason and the fields', async () => {
    await expect(send({ type: '', data: '{' })).rejects.toMatchObject({
      reason: 'INVALID_FIELD',
      fields: [{ path: 'type' }, { path: 'data' }],
    });
    await expect(send({}, 'reader')).rejects.toMatchObject({ reason: 'MISSING_SCOPE' });
    await expect(send({}, 'nobody')).rejects.toMatchObject({ reason: 'UNKNOWN_KEY' });
    await expect(send({}, 'lost')).rejects.toMatchObject({ reason: 'UNKNOWN_TENANT' });
    await expect(send({}, 'good', 'ten_2')).rejects.toMatchObject({ reason: 'NOT_FOUND' });
    expect(onLog()).toEqual([]);
  });

  test('publishes for another tenant only with publish:any', async () => {
    await send({}, 'anywhere', 'ten_2');
    expect(onLog()).toMatchObject([{ tenantId: 'ten_2' }]);
  });

  test('of a key with a subject is about that subject', async () => {
    await send({}, 'user');
    await expect(send({ subject: 'u2' }, 'user')).rejects.toMatchObject({ fields: [{ path: 'subject' }] });
    expect(onLog()).toMatchObject([{ subject: 'u1' }]);
  });

  test('refuses bytes that are no text, and takes the character that stands for them', async () => {
    const broken = {
      ...publish,
      requestSerialize: (event: PublishRequest) => {
        const bytes = Buffer.from(PublishRequest.encode(event).finish());
        bytes[bytes.indexOf('?')] = 0xff;
        return bytes;
      },
    };
    const sending = channel.unary(broken, anEvent({ data: '"a?b"' }), { bearer: 'good' });
    await expect(sending).rejects.toMatchObject({ fields: [{ path: 'data', message: 'must be valid Unicode' }] });
    await send({ data: '"\ufffd"' });
    expect(onLog()).toMatchObject([{ data: '"\ufffd"' }]);
  });

  test("keeps a user's idempotency keys, of any length, apart from the tenant's", async () => {
    const idempotencyKey = '😀'.repeat(255);
    const ofTenant = await send({ idempotencyKey, data: '1' });
    const ofUser = await send({ idempotencyKey, data: '2' }, 'user');
    expect([ofTenant.duplicate, ofUser.duplicate]).toEqual([false, false]);
    expect(ofUser.eventId).not.toBe(ofTenant.eventId);
    const [{ count } = { count: 0 }] = await asSuperuser<{ count: number }>(
      'select count(*)::int as count from ingestion.reservations',
    );
    expect(count).toBe(2);
  });

  test('never says accepted while the log fails, and accepts the same event afterwards', async () => {
    eventLog.faults.failProduce(2);
    await expect(send({ idempotencyKey: 'k' })).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    await expect(send({})).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    expect(onLog()).toEqual([]);
    const firstMs = nowMs;
    nowMs += 10_000;
    await send({ idempotencyKey: 'k' });
    expect(onLog()).toMatchObject([{ eventId: keyedEventId('ten_1', 'k'), acceptedAtMs: firstMs }]);
  });
});

describe('PublishBatch', () => {
  test('answers for each event in its place', async () => {
    const events = [
      anEvent({ idempotencyKey: 'k' }),
      anEvent({ type: '!' }),
      anEvent({ idempotencyKey: 'k' }),
      anEvent(),
    ];
    const { results } = await channel.unary(publishBatch, { events }, { bearer: 'good' });
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(results.map((result) => acceptedOf(result)?.duplicate)).toEqual([false, undefined, true, false]);
    expect(results[1]?.result).toMatchObject({
      $case: 'error',
      value: { code: 3, reason: 'INVALID_FIELD', fields: [{ path: 'type' }] },
    });
    expect(onLog()).toHaveLength(2);
  });

  test('takes a thousand events and no more', async () => {
    const batch = (count: number) =>
      channel.unary(publishBatch, { events: Array.from({ length: count }, () => anEvent()) }, { bearer: 'good' });
    expect((await batch(1000)).results).toHaveLength(1000);
    await expect(batch(1001)).rejects.toMatchObject({ fields: [{ path: 'events' }] });
    expect((await batch(0)).results).toEqual([]);
    expect(onLog()).toHaveLength(1000);
  });

  test('fails as a whole while the log fails', async () => {
    eventLog.faults.failProduce(1);
    const sending = channel.unary(publishBatch, { events: [anEvent(), anEvent({ type: '!' })] }, { bearer: 'good' });
    await expect(sending).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    expect(onLog()).toEqual([]);
  });

  test('refuses a message over 8 MiB', async () => {
    const events = Array.from({ length: 9 }, () => anEvent({ data: `"${'x'.repeat(1024 * 1024)}"` }));
    await expect(channel.unary(publishBatch, { events }, { bearer: 'good' })).rejects.toMatchObject({
      reason: 'PAYLOAD_TOO_LARGE',
    });
  });
});

describe('PublishStream', () => {
  const openStream = (bearer = 'good') => {
    const stream = channel.duplex(publishStream, { bearer });
    const results: PublishResult[] = [];
    const ended = new Promise<unknown>((resolve) => {
      stream.on('error', resolve);
      stream.on('end', () => resolve(undefined));
    });
    const read = () => stream.on('data', (result: PublishResult) => void results.push(result));
    return { stream, results, ended, read };
  };

  test('answers each event by its index, in the order of the log', async () => {
    const { stream, results, ended, read } = openStream();
    read();
    for (let n = 0; n < 5000; n++) {
      const key = n % 7 === 0 ? { idempotencyKey: `k${n}` } : {};
      stream.write(anEvent({ ...key, data: String(n), orderingKey: 'o', type: n === 17 ? '!' : 'order.paid' }));
    }
    stream.end();
    expect(await ended).toBeUndefined();
    expect(results.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 5000 }, (_, n) => n),
    );
    expect(results.filter((result) => acceptedOf(result) === undefined)).toMatchObject([{ index: 17 }]);
    expect(onLog().map(({ data }) => Number(data))).toEqual(
      Array.from({ length: 5000 }, (_, n) => n).filter((n) => n !== 17),
    );
  });

  test('is read no further while its answers are not read', async () => {
    const { stream, results, ended, read } = openStream();
    const count = 15_000;
    read();
    stream.once('data', () => stream.pause());
    for (let n = 0; n < count; n++) stream.write(anEvent());
    stream.end();
    let last = 0;
    await until(async () => {
      const before = last;
      await delay(50);
      last = eventLog.records('events').length;
      return last > 0 && last === before;
    });
    // What the windows of both sides hold, and the limit of the stream.
    expect(last).toBeLessThan(10_000);
    stream.resume();
    await ended;
    expect(results).toHaveLength(count);
    expect(eventLog.records('events')).toHaveLength(count);
  });

  test('answers a failing log event by event, and goes on', async () => {
    const { stream, results, ended, read } = openStream();
    read();
    eventLog.faults.failProduce(1);
    stream.write(anEvent());
    await until(() => results.length === 1);
    expect(results[0]?.result).toMatchObject({ $case: 'error', value: { code: 14, reason: 'LOG_UNAVAILABLE' } });
    stream.write(anEvent());
    stream.end();
    await ended;
    expect(acceptedOf(results[1] ?? { index: 0, result: undefined })).toMatchObject({ duplicate: false });
    expect(onLog()).toHaveLength(1);
  });

  test('is refused with a key that may not publish', async () => {
    expect(await openStream('reader').ended).toMatchObject({ code: 7 });
  });

  test('ends at the stop, with everything answered that reached the log', async () => {
    const own = openScope({ log: silentLog });
    const stopping = await start(own);
    const stream = stopping.duplex(publishStream, { bearer: 'good' });
    const answered = new Set<string>();
    stream.on('data', (result: PublishResult) => void answered.add(acceptedOf(result)?.eventId ?? ''));
    const ended = new Promise((resolve) => stream.on('error', resolve));
    for (let n = 0; n < 500; n++) stream.write(anEvent());
    await until(() => answered.size > 0);
    const startedAt = performance.now();
    await own.close();
    expect(await ended).toMatchObject({ code: 14, details: 'The service is stopping.' });
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(
      onLog()
        .map(({ eventId }) => eventId)
        .toSorted(),
    ).toEqual([...answered].toSorted());
  });
});

describe('idempotency keys', () => {
  test('64 calls at once for each of 50 keys, over two processes: one id, one body, one acceptance time each', async () => {
    const channels = [channel, await start(scope)];
    const answers = new Map<string, { ids: Set<string>; bodies: Set<string>; refused: number; first: number }>();
    const calls = Array.from({ length: 64 * 50 }, async (_, n) => {
      const key = `k${n % 50}`;
      const data = Math.floor(n / 50) % 8 === 3 ? '"other"' : '"same"';
      const known = answers.get(key) ?? { ids: new Set(), bodies: new Set(), refused: 0, first: 0 };
      answers.set(key, known);
      nowMs++;
      try {
        const answer = await channels[n % 2 === 0 ? 0 : 1]?.unary(publish, anEvent({ idempotencyKey: key, data }), {
          bearer: 'good',
          timeoutMs: 60_000,
        });
        known.ids.add(answer?.eventId ?? '');
        known.bodies.add(data);
        known.first += answer?.duplicate === false ? 1 : 0;
      } catch (error) {
        expect(error).toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
        known.refused++;
      }
    });
    await Promise.all(calls);
    const records = onLog();
    for (const [key, { ids, bodies, refused, first }] of answers) {
      const ofKey = records.filter(({ idempotencyKey }) => idempotencyKey === key);
      expect([...ids]).toEqual([keyedEventId('ten_1', key)]);
      expect(bodies.size).toBe(1);
      expect(refused).toBe(bodies.has('"same"') ? 8 : 56);
      expect(first).toBe(1);
      expect(new Set(ofKey.map(({ eventId, acceptedAtMs, data }) => `${eventId} ${acceptedAtMs} ${data}`)).size).toBe(
        1,
      );
      // Once by each process at most.
      expect(ofKey.length).toBeLessThanOrEqual(2);
    }
    expect(answers.size).toBe(50);
  });

  test('are free again after 72 hours', async () => {
    const first = await send({ idempotencyKey: 'k', data: '1' });
    nowMs += 72 * 3_600_000;
    const again = await start(scope);
    const second = await again.unary(publish, anEvent({ idempotencyKey: 'k', data: '2' }), { bearer: 'good' });
    expect(second).toEqual({ eventId: first.eventId, duplicate: false });
    await expect(send({ idempotencyKey: 'k', data: '3' })).rejects.toMatchObject({ reason: 'IDEMPOTENCY_KEY_REUSED' });
  });

  test('are accepted under the derived id while Postgres is gone, and checked again when it is back', async () => {
    await send({ idempotencyKey: 'before', data: '1' });
    const admin = openDatabase({
      connectionString: database.superuserUrl.replace(database.name, 'postgres'),
      poolSize: 1,
      applicationName: 'itest',
    });
    const allow = (isOpen: boolean) =>
      sql.raw(`alter database ${database.name} allow_connections ${isOpen}`).execute(admin.db);
    await allow(false);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.name}`.execute(
      admin.db,
    );
    const answers = await Promise.all(['a', 'b', 'a'].map((key) => send({ idempotencyKey: key, data: '1' })));
    expect(answers.map(({ eventId }) => eventId)).toEqual(['a', 'b', 'a'].map((key) => keyedEventId('ten_1', key)));
    expect(onLog()).toHaveLength(3);
    // What this process remembers is compared all the same.
    await expect(send({ idempotencyKey: 'before', data: '2' })).rejects.toMatchObject({
      reason: 'IDEMPOTENCY_KEY_REUSED',
    });
    await allow(true);
    await admin.close();
    let n = 0;
    await until(async () => {
      await send({ idempotencyKey: `after-${n++}` });
      const rows = await asSuperuser("select from ingestion.reservations where key like 'after-%'");
      return rows.length > 0;
    });
  });

  test('are accepted by an ingestion that started without Postgres', async () => {
    const away = await start(scope, { databaseUrl: 'postgres://x:y@127.0.0.1:1/x' });
    const answer = await away.unary(publish, anEvent({ idempotencyKey: 'k' }), { bearer: 'good' });
    expect(answer.eventId).toBe(keyedEventId('ten_1', 'k'));
  });

  test('are kept apart by forced row-level security', async () => {
    await send({ idempotencyKey: 'k' });
    const [table] = await asSuperuser<object>(
      "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'ingestion.reservations'::regclass",
    );
    expect(table).toEqual({ relrowsecurity: true, relforcerowsecurity: true });
    const { db, close } = openDatabase({ connectionString: database.url, poolSize: 1, applicationName: 'itest' });
    const { rows } = await sql`select from ingestion.reservations`.execute(db);
    expect(rows).toHaveLength(0);
    expect(await asSuperuser('select from ingestion.reservations')).toHaveLength(1);
    await close();
  });
});
