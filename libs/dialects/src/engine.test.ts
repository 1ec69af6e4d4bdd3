import { describe, expect, test } from '@jest/globals';
import { bodySignature, prepareKey } from '@bellwire/signing';
import {
  bodyNamesDelivery,
  headerNames,
  renderBody,
  requestHeaders,
  standard,
  type Dialect,
  type RenderedEvent,
} from './index.ts';

// Shapes that the documented systems need; the values stand in for dialects to come.
const base: Dialect = {
  ...standard,
  name: 'example',
  userAgent: 'Example-Webhooks/1.0',
  headers: [
    { name: 'X-Example-Event', value: '{eventType}' },
    { name: 'X-Example-Delivery', value: '{deliveryId}' },
    { name: 'X-Webhook-ID', value: '{endpointId}' },
    { name: 'X-Try', value: '{attempt} of {unknown} at {timestamp} for {eventId}' },
  ],
  signature: bodySignature('example', { name: 'X-Example-Signature', each: 'sha256={signature}' }),
};
const event: RenderedEvent = {
  id: 'evt_1',
  type: 'task.done',
  data: '{"taskId":"123","status":"completed"}',
  occurredAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  acceptedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6, 1),
  deliveryId: '01234567-89ab-8def-8123-456789abcdef',
};
const render = (dialect: Dialect, changes: Partial<RenderedEvent> = {}) =>
  Buffer.from(renderBody(dialect, { ...event, ...changes })).toString('utf8');

describe('the engine', () => {
  test('renders fields in order, each from its source', () => {
    const dialect: Dialect = {
      ...base,
      envelope: {
        from: 'object',
        fields: [
          { name: 'event', source: { from: 'constant', value: 'notification' } },
          { name: 'deliveryId', source: { from: 'delivery_id' } },
          { name: 'timestamp', source: { from: 'time', of: 'occurred', as: 'iso_seconds' } },
          { name: 'created', source: { from: 'time', of: 'accepted', as: 'unix_seconds' } },
          { name: 'id', source: { from: 'event_id' } },
          { name: 'user_id', source: { from: 'subject', absent: 'null' } },
          { name: 'userId', source: { from: 'subject', absent: 'omit' } },
          { name: 'data', source: { from: 'object', fields: [{ name: 'object', source: { from: 'data' } }] } },
          { name: 'action_urls', source: { from: 'action_urls' } },
        ],
      },
    };
    const start = `{"event":"notification","deliveryId":"${event.deliveryId}","timestamp":"2026-01-02T03:04:05Z","created":1767323046,"id":"evt_1"`;
    expect(render(dialect)).toBe(`${start},"user_id":null,"data":{"object":${event.data}}}`);
    expect(render(dialect, { subject: 'a"b', actionUrls: { open: 'https://x' } })).toBe(
      `${start},"user_id":"a\\"b","userId":"a\\"b","data":{"object":${event.data}},"action_urls":{"open":"https://x"}}`,
    );
    expect(render(dialect, { actionUrls: {} })).not.toContain('action_urls');
    expect(bodyNamesDelivery(dialect)).toBe(true);
  });

  test('sends the data alone as the body', () => {
    expect(render({ ...base, envelope: { from: 'data' } })).toBe(event.data);
  });

  test('fills header templates, keeps their names, and signs the body', () => {
    const body = Buffer.from(event.data);
    const keys = [prepareKey(base.signature, 'your-secret-key')];
    const attempt = {
      eventId: 'evt_1',
      deliveryId: 'd',
      eventType: 'task.done',
      endpointId: 'ep_1',
      occurredAtMs: 0,
      attempt: 2,
    };
    const headers = requestHeaders(base, { ...attempt, timestampSeconds: 1_767_323_046, body, keys });
    expect(headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Example-Webhooks/1.0',
      'X-Example-Event': 'task.done',
      'X-Example-Delivery': 'd',
      'X-Webhook-ID': 'ep_1',
      'X-Try': '2 of {unknown} at 1767323046 for evt_1',
      'X-Example-Signature': 'sha256=557ead5f36dbf56436926663df6b687dc5eefa0ee1689f884fceb47cab90b92c',
    });
    expect(headerNames(base).has('x-example-signature')).toBe(true);
  });
});
