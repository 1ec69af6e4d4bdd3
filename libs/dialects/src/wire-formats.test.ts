import { describe, expect, test } from '@jest/globals';
import { newSecret, prepareKey, verify } from '@bellwire/signing';
import { Webhook } from 'standardwebhooks';
import {
  cloudEvents,
  cloudEventsInHeaders,
  github,
  renderBody,
  requestHeaders,
  stripe,
  type Dialect,
  type RenderedEvent,
} from './index.ts';

const event: RenderedEvent = {
  id: 'evt_1',
  type: 'task.done',
  subject: 'Euro € 😀',
  data: '{"n":1.0}',
  occurredAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  acceptedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6),
  deliveryId: '01234567-89ab-8def-8123-456789abcdef',
};
const nowSeconds = Math.floor(Date.now() / 1000);

const send = (dialect: Dialect, changes: Partial<RenderedEvent> = {}) => {
  const secret = newSecret(dialect.signature, () => Buffer.alloc(32, 7));
  const keys = [prepareKey(dialect.signature, secret)];
  const changed = { ...event, ...changes };
  const body = renderBody(dialect, changed);
  const headers = requestHeaders(dialect, {
    eventId: event.id,
    deliveryId: event.deliveryId,
    eventType: event.type,
    endpointId: 'ep_1',
    subject: changed.subject,
    occurredAtMs: event.occurredAtMs,
    attempt: 1,
    timestampSeconds: nowSeconds,
    body,
    keys,
  });
  const verifies = (received: Record<string, string>) =>
    verify(dialect.signature, body, received, keys, { nowSeconds }).ok;
  return { text: Buffer.from(body).toString('utf8'), headers, secret, verifies };
};

describe('wire formats', () => {
  test('github: the data alone, with its headers', () => {
    const { text, headers, verifies } = send(github);
    expect(text).toBe(event.data);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Bellwire/1.0',
      'X-GitHub-Event': 'task.done',
      'X-GitHub-Delivery': event.deliveryId,
      'X-GitHub-Hook-ID': 'ep_1',
      'X-Hub-Signature-256': expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
    });
    expect(verifies(headers)).toBe(true);
  });

  test('stripe: its event object around the data', () => {
    const { text, headers, verifies } = send(stripe);
    expect(text).toBe(
      '{"id":"evt_1","object":"event","api_version":null,"created":1767323045,"data":{"object":{"n":1.0}},' +
        '"livemode":true,"type":"task.done"}',
    );
    expect(headers['Stripe-Signature']).toMatch(new RegExp(`^t=${nowSeconds},v1=[0-9a-f]{64}$`));
    expect(verifies(headers)).toBe(true);
  });

  test('cloudevents: everything in the body, signed as Standard Webhooks are', () => {
    const { text, headers, secret } = send(cloudEvents);
    const start =
      '{"specversion":"1.0","id":"evt_1","source":"/bellwire/events","type":"task.done","time":"2026-01-02T03:04:05.678Z"';
    const end = '"datacontenttype":"application/json","data":{"n":1.0}}';
    expect(text).toBe(`${start},"subject":"Euro € 😀",${end}`);
    expect(send(cloudEvents, { subject: undefined }).text).toBe(`${start},${end}`);
    expect(headers['content-type']).toBe('application/cloudevents+json');
    expect(new Webhook(secret).verify(text, headers)).toHaveProperty('specversion', '1.0');
  });

  test('cloudevents-binary: the data alone, the attributes in headers, all of them signed', () => {
    const { text, headers, verifies } = send(cloudEventsInHeaders);
    expect(text).toBe(event.data);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Bellwire/1.0',
      'ce-specversion': '1.0',
      'ce-id': 'evt_1',
      'ce-source': '/bellwire/events',
      'ce-type': 'task.done',
      'ce-time': '2026-01-02T03:04:05.678Z',
      // The example of the specification.
      'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(nowSeconds),
      'webhook-signature': expect.stringMatching(/^v1ce,\S{44}$/),
    });
    expect(verifies(headers)).toBe(true);
    for (const name of ['ce-source', 'ce-type', 'ce-time', 'ce-subject']) {
      expect(verifies({ ...headers, [name]: 'x' })).toBe(false);
    }
  });

  test('cloudevents-binary: without a subject there is no header for it, and none may be added', () => {
    const { headers, verifies } = send(cloudEventsInHeaders, { subject: undefined });
    expect(headers).not.toHaveProperty('ce-subject');
    expect(verifies(headers)).toBe(true);
    expect(verifies({ ...headers, 'ce-subject': 'x' })).toBe(false);
    expect(verifies({ 'webhook-signature': headers['webhook-signature'] ?? '' })).toBe(false);
  });
});
