import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IngestionServiceService } from '@bellwire/contracts';
import { openScope } from '@bellwire/lifecycle';
import { openDatabase } from '@bellwire/persistence';
import { sql } from 'kysely';
import { anEvent, silentLog, until } from './doubles.ts';
import { eventIdOfKey } from './event-id-of-key.ts';
import { ingestionUnderTest, type IngestionUnderTest } from './testing/ingestion-under-test.ts';

const { publish } = IngestionServiceService;

let ingestion: IngestionUnderTest;
let time: IngestionUnderTest['time'];
let database: IngestionUnderTest['database'];
let start: IngestionUnderTest['start'];
let channel: IngestionUnderTest['channel'];
let onLog: IngestionUnderTest['onLog'];
let send: IngestionUnderTest['send'];
let asSuperuser: IngestionUnderTest['asSuperuser'];

beforeEach(async () => {
  ingestion = await ingestionUnderTest();
  ({ time, database, start, channel, onLog, send, asSuperuser } = ingestion);
});
afterEach(async () => {
  expect(await ingestion.close()).toEqual([]);
});

describe('idempotency keys', () => {
  test('64 calls at once for each of 50 keys, over two processes: one id, one body, one acceptance time each', async () => {
    const channels = [channel, await start()];
    const answers = new Map<string, { ids: Set<string>; bodies: Set<string>; refused: number; first: number }>();
    const calls = Array.from({ length: 64 * 50 }, async (_, n) => {
      const key = `k${n % 50}`;
      const data = Math.floor(n / 50) % 8 === 3 ? '"other"' : '"same"';
      const known = answers.get(key) ?? { ids: new Set(), bodies: new Set(), refused: 0, first: 0 };
      answers.set(key, known);
      time.nowMs++;
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
      expect([...ids]).toEqual([eventIdOfKey('ten_1', key, time.nowMs)]);
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

  const markedCount = async (): Promise<number> =>
    (await asSuperuser('select from ingestion.reservations where on_log_accepted_at_ms = accepted_at_ms')).length;

  test('are known on the log after a clean stop, and by another process', async () => {
    const own = openScope({ log: silentLog });
    const stopping = await start(own);
    const event = anEvent({ idempotencyKey: 'k' });
    const { eventId } = await stopping.unary(publish, event, { bearer: 'good' });
    await own.close();
    time.nowMs += 60_000;
    expect(await (await start()).unary(publish, event, { bearer: 'good' })).toEqual({ eventId, duplicate: true });
    expect(onLog()).toHaveLength(1);
    // And while both run: the mark follows the answer by a moment.
    await send({ idempotencyKey: 'both' });
    await until(async () => (await markedCount()) === 2);
    const { duplicate } = await (
      await start()
    ).unary(publish, anEvent({ idempotencyKey: 'both' }), {
      bearer: 'good',
    });
    expect({ duplicate, records: onLog().length }).toEqual({ duplicate: true, records: 2 });
  });

  test('are free again after 72 hours', async () => {
    const first = await send({ idempotencyKey: 'k', data: '1' });
    time.nowMs += 72 * 3_600_000;
    const again = await start();
    const second = await again.unary(publish, anEvent({ idempotencyKey: 'k', data: '2' }), { bearer: 'good' });
    expect(second.duplicate).toBe(false);
    expect(second.eventId).not.toBe(first.eventId);
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
    expect(answers.map(({ eventId }) => eventId)).toEqual(
      ['a', 'b', 'a'].map((key) => eventIdOfKey('ten_1', key, time.nowMs)),
    );
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
    const away = await start(undefined, { databaseUrl: 'postgres://x:y@127.0.0.1:1/x' });
    const answer = await away.unary(publish, anEvent({ idempotencyKey: 'k' }), { bearer: 'good' });
    expect(answer.eventId).toBe(eventIdOfKey('ten_1', 'k', time.nowMs));
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
