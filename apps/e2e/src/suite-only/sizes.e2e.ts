import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectBellwire } from '@bellwire/client';
import { CreateEndpointRequest, RegistryServiceService } from '@bellwire/contracts';
import { openChannel } from '@bellwire/rpc';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { created, newTenant, until } from '../target/api.ts';
import { allDeliveries } from '../target/deliveries.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const payloadBytes = 1024 * 1024;
const quota = 3;

const dataDir = newDataDir();
let receiver: Receiver;
let suite: Target;
/** Answers of the receiver to come; then 200. */
const answers: number[] = [];

beforeAll(async () => {
  receiver = await startReceiver({ answer: () => answers.shift() ?? 200 });
  suite = await startTarget({
    dataDir,
    env: {
      BELLWIRE_MAX_PAYLOAD_BYTES: String(payloadBytes),
      BELLWIRE_MAX_ENDPOINTS_PER_TENANT: String(quota),
    },
  });
});
afterAll(async () => {
  await suite.kill('SIGTERM');
  await receiver.close();
  removeDataDir(dataDir);
});

test('one endpoint more than a tenant may have is refused over REST and gRPC, with the field and its rule', async () => {
  const { api, key } = await newTenant(suite.rest, suite.adminKey);
  const endpoint = { url: receiver.url('/hook') };
  for (let nth = 0; nth < quota; nth++) await api.post('/v1/endpoints', endpoint, created);
  const fields = [{ path: 'endpoints', message: 'must be at most 3 of one tenant' }];
  const { status, json } = await api.raw('POST', '/v1/endpoints', endpoint);
  expect(status).toBe(409);
  expect(json).toMatchObject({ reason: 'QUOTA_EXCEEDED', fields });

  const channel = openChannel(suite.grpc.registry);
  const request = CreateEndpointRequest.fromPartial({ endpoint });
  const call = channel.unary(RegistryServiceService.createEndpoint, request, { bearer: key });
  await expect(call).rejects.toMatchObject({ reason: 'QUOTA_EXCEEDED', fields });
  channel.close();

  const other = await newTenant(suite.rest, suite.adminKey, 'other');
  await other.api.post('/v1/endpoints', endpoint, created);
});

test('an event as large as one may be arrives, is retried, and is recorded; a larger one fails alone', async () => {
  const { api, key } = await newTenant(suite.rest, suite.adminKey);
  await api.post('/v1/endpoints', { url: receiver.url('/large'), retry: { schedule_seconds: [1] } }, created);
  const client = connectBellwire({ address: suite.grpc.ingestion, key });
  /** Data of so many bytes as JSON. */
  const publish = (bytes: number) => client.publish({ type: 'order.paid', data: 'x'.repeat(bytes - 2) });
  answers.push(500);
  const sizes = [200, 200, payloadBytes, payloadBytes + 1, 200, payloadBytes];
  const calls = await Promise.allSettled(sizes.map(publish));
  client.close();

  expect(calls.map(({ status }) => status === 'fulfilled')).toEqual(sizes.map((bytes) => bytes <= payloadBytes));
  expect(calls[3]).toMatchObject({ reason: { reason: 'PAYLOAD_TOO_LARGE' } });
  const delivered = await until('all to be delivered', async () => {
    const all = await allDeliveries(api);
    return all.length === 5 && all.every(({ status }) => status === 'delivered') ? all : undefined;
  });
  expect(delivered.reduce((sum, { attempt_count: attempts }) => sum + attempts, 0)).toBe(6);
});
