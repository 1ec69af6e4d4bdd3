import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IngestionServiceService, PublishRequest, type PublishResult } from '@bellwire/contracts';
import { openScope } from '@bellwire/lifecycle';
import { anEvent, silentLog, until } from './doubles.ts';
import { eventIdOfKey } from './event-id-of-key.ts';
import { ingestionUnderTest, type IngestionUnderTest } from './testing/ingestion-under-test.ts';

const { publish, publishBatch, publishStream } = IngestionServiceService;

let ingestion: IngestionUnderTest;
let time: IngestionUnderTest['time'];
let eventLog: IngestionUnderTest['eventLog'];
let start: IngestionUnderTest['start'];
let channel: IngestionUnderTest['channel'];
let onLog: IngestionUnderTest['onLog'];
let send: IngestionUnderTest['send'];
let asSuperuser: IngestionUnderTest['asSuperuser'];

beforeEach(async () => {
  ingestion = await ingestionUnderTest();
  ({ time, eventLog, start, channel, onLog, send, asSuperuser } = ingestion);
});
afterEach(async () => {
  expect(await ingestion.close()).toEqual([]);
});

const acceptedOf = ({ result }: PublishResult) => (result?.$case === 'accepted' ? result.value : undefined);

describe('Publish', () => {
  test('answers once the log has the event', async () => {
    const { eventId, duplicate } = await send({
      data: '{ "a" : 1.0 }',
      subject: 'u1',
      occurredAt: new Date(time.nowMs - 5),
    });
    expect(duplicate).toBe(false);
    expect(onLog()).toMatchObject([
      {
        eventId,
        tenantId: 'ten_1',
        data: '{"a":1.0}',
        subject: 'u1',
        occurredAtMs: time.nowMs - 5,
        acceptedAtMs: time.nowMs,
      },
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
    const firstMs = time.nowMs;
    time.nowMs += 10_000;
    await send({ idempotencyKey: 'k' });
    expect(onLog()).toMatchObject([{ eventId: eventIdOfKey('ten_1', 'k', firstMs), acceptedAtMs: firstMs }]);
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
