import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IngestionServiceService, type IngestionServiceServer } from '@bellwire/contracts';
import { Fault, reasons, type Reason } from '@bellwire/errors';
import { makeHandlers, openChannel, serveGrpc, type GrpcServer, type RpcChannel } from './index.ts';

const service = 'bellwire.ingestion.v1.IngestionService';
const bugs: unknown[] = [];
let server: GrpcServer;
let channel: RpcChannel;

const isKnownReason = (text: string): text is Reason => Object.hasOwn(reasons, text);

beforeAll(async () => {
  const handlers = makeHandlers({
    service,
    authenticate: async (bearer) => {
      if (bearer !== 'good') throw new Fault('UNKNOWN_KEY', 'The API key is not known.');
      return { kind: 'admin' };
    },
    onBug: (error) => bugs.push(error),
  });
  const implementation: IngestionServiceServer = {
    // Throws the reason that the event type names.
    publish: handlers.unary('Publish', async (request, call) => {
      if (request.type === 'bug') throw new TypeError('secret detail');
      if (isKnownReason(request.type)) {
        const fields = [{ path: 'type', message: 'is wrong' }];
        throw new Fault(request.type, 'A sentence.', { fields, retryAfterMs: 1500, cause: new Error('ours') });
      }
      return { eventId: call.namedTenant ?? 'none', duplicate: false };
    }),
    publishBatch: handlers.unary('PublishBatch', async () => ({ results: [] })),
    publishStream: handlers.duplex('PublishStream', async (stream) => {
      for await (const request of stream.iterator({ destroyOnReturn: false })) {
        stream.write({ index: Number(request.data), result: undefined });
      }
    }),
  };
  server = await serveGrpc({
    host: '127.0.0.1',
    port: 0,
    service,
    definition: IngestionServiceService,
    implementation,
  });
  channel = openChannel(`127.0.0.1:${server.port}`);
});

afterAll(async () => {
  channel.close();
  await server.close();
});

const publish = (type: string, bearer = 'good', tenant?: string) =>
  channel.unary(IngestionServiceService.publish, { type, data: '{}', actionUrls: {} }, { bearer, tenant });

describe('a Fault over gRPC', () => {
  test.each(Object.keys(reasons).filter((reason) => reason !== 'INTERNAL'))(
    '%s comes back as it was thrown',
    async (reason) => {
      await expect(publish(reason)).rejects.toMatchObject({
        name: 'Fault',
        reason,
        detail: 'A sentence.',
        retryAfterMs: 1500,
        fields: [{ path: 'type', message: 'is wrong' }],
      });
    },
  );

  test('withholds the detail of a bug and tells the log', async () => {
    // A fault of an internal kind is a bug too.
    expect(bugs).toEqual([expect.objectContaining({ message: 'ours' })]);
    bugs.splice(0);
    const fault = await publish('bug').catch((error: unknown) => error);
    expect(fault).toMatchObject({ reason: 'INTERNAL', detail: 'Something went wrong on our side.' });
    expect(bugs).toEqual([expect.objectContaining({ message: 'secret detail' })]);
  });
});

describe('a call', () => {
  test('carries the tenant that its caller named', async () => {
    expect(await publish('order.paid', 'good', 'ten_1')).toEqual({ eventId: 'ten_1', duplicate: false });
  });

  test('is refused with an unknown key', async () => {
    await expect(publish('order.paid', 'bad')).rejects.toMatchObject({ reason: 'UNKNOWN_KEY' });
  });

  test('fails with SERVICE_UNAVAILABLE where nothing listens', async () => {
    const nobody = openChannel('127.0.0.1:1');
    const call = nobody.unary(
      IngestionServiceService.publishBatch,
      { events: [] },
      { bearer: 'good', timeoutMs: 2000 },
    );
    await expect(call).rejects.toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    nobody.close();
  });

  test('streams both ways', async () => {
    const stream = channel.duplex(IngestionServiceService.publishStream, { bearer: 'good' });
    for (const data of ['0', '1', '2']) stream.write({ type: 'a', data, actionUrls: {} });
    stream.end();
    const indexes: number[] = [];
    for await (const result of stream) indexes.push(result.index);
    expect(indexes).toEqual([0, 1, 2]);
  });
});
