import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Metadata, Server, ServerCredentials, status, type ServerDuplexStream } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  IngestionServiceService,
  RetryInfo,
  Status,
  type IngestionServiceServer,
  type PublishRequest,
  type PublishResult,
} from '@bellwire/contracts';
import { BellwireError, connectBellwire, type BellwireClient } from './index.ts';

/** A service that refuses what the script says, call by call, and accepts the rest. */
const startService = async () => {
  const seen = { events: [] as PublishRequest[], calls: 0, metadata: new Metadata() };
  const script: { code: number; reason: string; retryAfterMs?: number }[] = [];
  /** How streams treat an event; undefined: accepts it. */
  const streams = {
    onEvent: undefined as
      ((event: PublishRequest, stream: ServerDuplexStream<PublishRequest, PublishResult>) => boolean) | undefined,
  };
  const accepted = (event: PublishRequest) => ({ eventId: `evt_${event.data}`, duplicate: false });
  const next = (metadata: Metadata) => {
    seen.calls++;
    seen.metadata = metadata;
    const refusal = script.shift();
    if (refusal === undefined) return null;
    const any = (name: string, value: Uint8Array) => ({
      typeUrl: `type.googleapis.com/google.rpc.${name}`,
      value: Buffer.from(value),
    });
    const details = [
      any('ErrorInfo', ErrorInfo.encode({ reason: refusal.reason, domain: 'bellwire' }).finish()),
      any(
        'BadRequest',
        BadRequest.encode({ fieldViolations: [{ field: 'data/a', description: 'is wrong' }] }).finish(),
      ),
      any(
        'RetryInfo',
        RetryInfo.encode({ retryDelay: { seconds: 0, nanos: (refusal.retryAfterMs ?? 1) * 1e6 } }).finish(),
      ),
    ];
    const trailing = new Metadata();
    trailing.set(
      'grpc-status-details-bin',
      Buffer.from(Status.encode({ code: refusal.code, message: 'No.', details }).finish()),
    );
    return { code: refusal.code, details: 'No.', metadata: trailing };
  };
  const implementation: IngestionServiceServer = {
    publish: ({ request, metadata }, callback) => {
      const error = next(metadata);
      if (error !== null) return callback(error);
      seen.events.push(request);
      callback(null, accepted(request));
    },
    publishBatch: ({ request, metadata }, callback) => {
      const error = next(metadata);
      if (error !== null) return callback(error);
      const refused = {
        code: 3,
        reason: 'INVALID_FIELD',
        detail: 'No.',
        fields: [{ path: 'type', message: 'is wrong' }],
      };
      const results = request.events.map((event, index): PublishResult => {
        if (event.type === 'bad') return { index, result: { $case: 'error', value: refused } };
        return { index, result: { $case: 'accepted', value: accepted(event) } };
      });
      callback(null, { results });
    },
    publishStream: (stream) => {
      let index = 0;
      seen.calls++;
      stream.on('data', (event: PublishRequest) => {
        const at = index++;
        if (streams.onEvent?.(event, stream) === true) return;
        seen.events.push(event);
        stream.write({ index: at, result: { $case: 'accepted', value: accepted(event) } });
      });
      stream.on('end', () => stream.end());
    },
  };
  const server = new Server();
  server.addService(IngestionServiceService, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return { seen, script, streams, port, close: () => server.forceShutdown() };
};

let service: Awaited<ReturnType<typeof startService>>;
let client: BellwireClient;

beforeEach(async () => {
  service = await startService();
  client = connectBellwire({ address: `127.0.0.1:${service.port}`, key: 'secret', tenant: 'ten_1', timeoutMs: 5000 });
});
afterEach(() => {
  client.close();
  service.close();
});

const unavailable = { code: status.UNAVAILABLE, reason: 'LOG_UNAVAILABLE' };

describe('publishing one event', () => {
  test('sends what was given, and answers with the id', async () => {
    const occurredAt = new Date('2026-05-01T10:00:00.123Z');
    const event = { type: 'a.b', data: { n: [1] }, subject: 'u', orderingKey: 'o', idempotencyKey: 'k', occurredAt };
    expect(await client.publish({ ...event, actionUrls: { open: 'https://a.example/' } })).toEqual({
      eventId: 'evt_{"n":[1]}',
      duplicate: false,
    });
    const [sent] = service.seen.events;
    expect(sent).toEqual({ ...event, data: '{"n":[1]}', actionUrls: { open: 'https://a.example/' } });
    expect(service.seen.metadata.get('authorization')).toEqual(['Bearer secret']);
    expect(service.seen.metadata.get('x-bellwire-tenant')).toEqual(['ten_1']);
  });

  test('keeps JSON text as it is', async () => {
    await client.publish({ type: 'a', dataText: '{"n": 12345678901234567890.0}' });
    expect(service.seen.events[0]?.data).toBe('{"n": 12345678901234567890.0}');
  });

  test('fails with the reason and the fields of the service', async () => {
    service.script.push({ code: status.INVALID_ARGUMENT, reason: 'SCHEMA_VIOLATION' });
    const error = await client.publish({ type: 'a', data: 1, idempotencyKey: 'k' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BellwireError);
    expect(error).toMatchObject({
      code: 3,
      reason: 'SCHEMA_VIOLATION',
      fields: [{ path: 'data/a', message: 'is wrong' }],
    });
    expect(service.seen.calls).toBe(1);
  });

  test('is tried again while the service is unavailable, with an idempotency key', async () => {
    service.script.push(unavailable, unavailable);
    await client.publish({ type: 'a', data: 1, idempotencyKey: 'k' });
    expect(service.seen.calls).toBe(3);
  });

  test('is not tried again without one', async () => {
    service.script.push(unavailable);
    await expect(client.publish({ type: 'a', data: 1 })).rejects.toMatchObject({
      reason: 'LOG_UNAVAILABLE',
      retryAfterMs: 1,
    });
    expect(service.seen.calls).toBe(1);
  });

  test('ends with the last error when the time is over', async () => {
    service.script.push(...Array.from({ length: 50 }, () => ({ ...unavailable, retryAfterMs: 20 })));
    const publishing = client.publish({ type: 'a', data: 1, idempotencyKey: 'k' }, { timeoutMs: 300 });
    await expect(publishing).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
  });

  test.each([
    ['data', { type: 'a', data: undefined }],
    ['data', { type: 'a', dataText: '"\ud800"' }],
    ['subject', { type: 'a', data: 1, subject: '\udc00' }],
    ['occurred_at', { type: 'a', data: 1, occurredAt: new Date(Number.NaN) }],
  ])('refuses what the wire would change: %s', async (path, event) => {
    await expect(client.publish(event)).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [{ path }] });
  });

  test('says that nobody is there', async () => {
    const nobody = connectBellwire({ address: '127.0.0.1:1', key: 'k', timeoutMs: 300 });
    await expect(nobody.publish({ type: 'a', data: 1 })).rejects.toMatchObject({
      code: 14,
      reason: 'SERVICE_UNAVAILABLE',
    });
    nobody.close();
  });
});

test('a batch answers for each event', async () => {
  const results = await client.publishBatch([
    { type: 'a', data: 1 },
    { type: 'bad', data: 2 },
    { type: 'a', data: 3 },
  ]);
  expect(results[0]).toEqual({ eventId: 'evt_1', duplicate: false });
  expect(results[1]).toBeInstanceOf(BellwireError);
  expect(results[1]).toMatchObject({ reason: 'INVALID_FIELD', fields: [{ path: 'type', message: 'is wrong' }] });
  expect(results[2]).toEqual({ eventId: 'evt_3', duplicate: false });
});

describe('a stream', () => {
  test('answers each event with its own id', async () => {
    const stream = client.openStream();
    const ids = await Promise.all(Array.from({ length: 3000 }, (_, n) => stream.publish({ type: 'a', data: n })));
    expect(ids.map(({ eventId }) => eventId)).toEqual(Array.from({ length: 3000 }, (_, n) => `evt_${n}`));
    await stream.close();
    expect(service.seen.calls).toBe(1);
    await expect(stream.publish({ type: 'a', data: 1 })).rejects.toMatchObject({ reason: 'CALLER_LEFT' });
  });

  test('is opened again when it breaks: what has a key is sent again, the rest is told', async () => {
    const stream = client.openStream();
    let breaks = 2;
    service.streams.onEvent = (event, broken) => {
      if (event.data !== '1' || breaks-- <= 0) return false;
      broken.emit('error', { code: status.UNAVAILABLE, details: 'The service is stopping.' });
      return true;
    };
    const answers = await Promise.allSettled([
      stream.publish({ type: 'a', data: 1, idempotencyKey: 'k1' }),
      stream.publish({ type: 'a', data: 2, idempotencyKey: 'k2' }),
      stream.publish({ type: 'a', data: 3 }),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: { eventId: 'evt_1' } },
      { status: 'fulfilled', value: { eventId: 'evt_2' } },
      { status: 'rejected', reason: { code: 14, reason: 'SERVICE_UNAVAILABLE' } },
    ]);
    await stream.close();
  });

  test('tells everybody who waits where the key is refused', async () => {
    const stream = client.openStream();
    service.streams.onEvent = (_event, refused) =>
      refused.emit('error', { code: status.UNAUTHENTICATED, details: 'No.' });
    const answers = await Promise.allSettled(
      Array.from({ length: 2000 }, (_, n) => stream.publish({ type: 'a', data: n, idempotencyKey: `${n}` })),
    );
    expect(answers.every((answer) => answer.status === 'rejected')).toBe(true);
    await stream.close();
  });

  test('an event that gets no answer fails when its time is over', async () => {
    const hasty = connectBellwire({ address: `127.0.0.1:${service.port}`, key: 'k', timeoutMs: 100 });
    const stream = hasty.openStream();
    service.streams.onEvent = () => true;
    await expect(stream.publish({ type: 'a', data: 1 })).rejects.toMatchObject({ reason: 'DEADLINE_PASSED' });
    await stream.close();
    hasty.close();
  });
});
