import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { EndpointState, SendTestRequest, Tenant } from '@bellwire/contracts';
import { openKeyring } from '@bellwire/secrets';
import { makeCompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import { makeBodyFor } from './body-for.ts';
import { makeSendTest } from './send-test.ts';

/** Sends a test with this data to an endpoint of a tenant of the dialect. */
const sendTest = async (dialect: string, data: string, eventType = 'order.paid') => {
  const sent: string[] = [];
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  const ofSecret = { tenantId: 'ten_1', endpointId: 'ep_1', purpose: 'secret', version: 1 } as const;
  const sealed = Buffer.from(keyring.seal('secret', ofSecret));
  const endpoint = { id: 'ep_1', url: 'https://example.org/', eventTypes: ['*'], timeoutMs: 1000, subject: 'user_1' };
  const state = EndpointState.fromPartial({ tenantId: 'ten_1', endpoint, secrets: [{ version: 1, sealed }] });
  const call = makeSendTest({
    view: { endpoint: () => state, catchUp: async () => undefined },
    compileEndpoint: makeCompileEndpoint({ tenant: () => Tenant.fromPartial({ id: 'ten_1', dialect }) }, keyring),
    bodyFor: makeBodyFor(() => Promise.reject(new Error('no endpoint has a template'))),
    send: async ({ body }) => {
      sent.push(Buffer.from(body).toString());
      return { outcome: 'delivered', durationMs: 1, timings: {}, response: { status: 200, headers: {}, body: '' } };
    },
    append: async () => undefined,
    clock: { now: () => Date.UTC(2026, 0, 31) },
  });
  const answer = await call(SendTestRequest.fromPartial({ endpointId: 'ep_1', eventType, data }), {
    principal: { kind: 'admin' },
    namedTenant: 'ten_1',
    signal: new AbortController().signal,
  });
  return { ...answer, sent };
};

describe('a test', () => {
  test('carries the text of its data, numbers, escapes and order of names untouched', async () => {
    const { body, sent } = await sendTest('github', '{ "b": 12345678901234567890, "1": 1.0, "a": "\\u00e9" }');
    expect(body).toBe('{"b":12345678901234567890,"1":1.0,"a":"\\u00e9"}');
    expect(sent).toEqual([body]);
  });

  test('is told as one to the subject of its endpoint', async () => {
    const { attempt } = await sendTest('hub', '');
    expect(attempt).toMatchObject({ test: true, subject: 'user_1', endpointSubject: 'user_1' });
  });

  test.each(['', 'bellwire.test'])('is of a type that says so where it names no other: "%s"', async (eventType) => {
    expect((await sendTest('github', '', eventType)).attempt).toMatchObject({ eventType: 'bellwire.test' });
  });

  test.each(['bellwire.endpoint.disabled', 'bellwire.mine', 'bellwire.test.mine', '!'])(
    'of a type that nobody may publish is refused: %s',
    async (eventType) => {
      const refused = { reason: 'INVALID_FIELD', fields: [{ path: 'event_type' }] };
      await expect(sendTest('github', '', eventType)).rejects.toMatchObject(refused);
    },
  );

  test('without data says that it is one', async () => {
    expect((await sendTest('hub', '')).sent).toEqual(['{"test":true}']);
  });

  test.each(['{"n":12345678901234567890}', '{"b":1,"1":2}', '[1.0]', '{"a":1,"a":2}'])(
    'of data that receivers could not verify is refused, as publishing it is: %s',
    async (data) => {
      await expect(sendTest('hub', data)).rejects.toMatchObject({ reason: 'PAYLOAD_NOT_REPRESENTABLE' });
    },
  );

  test.each(['{', '{"a":"\\ud800"}', '['.repeat(65) + ']'.repeat(65)])(
    'of what is no data of an event is refused: %s',
    async (data) => {
      await expect(sendTest('github', data)).rejects.toMatchObject({
        reason: 'INVALID_FIELD',
        fields: [{ path: 'data' }],
      });
    },
  );
});
