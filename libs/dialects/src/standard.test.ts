import { describe, expect, test } from '@jest/globals';
import { nextState } from '@bellwire/domain';
import { newSecret, prepareKey } from '@bellwire/signing';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import {
  bodyNamesDelivery,
  dialectNamed,
  dialectNames,
  headerNames,
  renderBody,
  requestHeaders,
  resolvePolicy,
  standard,
  type RenderedEvent,
} from './index.ts';

const event: RenderedEvent = {
  id: 'evt_1',
  type: 'task.done',
  subject: 'user_1',
  data: '{"b":1.0,"a":12345678901234567890,"é":"\\u00e9"}',
  occurredAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  acceptedAtMs: Date.UTC(2026, 0, 2, 3, 4, 6),
  actionUrls: { open: 'https://example.com' },
  deliveryId: '01234567-89ab-8def-8123-456789abcdef',
};
const attempt = {
  eventId: 'evt_1',
  deliveryId: event.deliveryId,
  eventType: event.type,
  endpointId: 'ep_1',
  occurredAtMs: event.occurredAtMs,
  attempt: 1,
};
const text = (body: Uint8Array) => Buffer.from(body).toString('utf8');

describe('the standard dialect', () => {
  test('is the default', () => {
    expect(dialectNames[0]).toBe('standard');
    expect(dialectNamed('standard')).toBe(standard);
    expect(dialectNamed('toString')).toBeUndefined();
  });

  test('puts the data into the body byte for byte', () => {
    expect(text(renderBody(standard, event))).toBe(
      `{"type":"task.done","timestamp":"2026-01-02T03:04:05.678Z","data":${event.data}}`,
    );
    expect(bodyNamesDelivery(standard)).toBe(false);
  });

  test('whatever the data, it comes out as it went in', () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const body = text(renderBody(standard, { ...event, data }));
        expect(body.endsWith(`"data":${data}}`)).toBe(true);
        expect(JSON.parse(body)).toEqual({
          type: 'task.done',
          timestamp: '2026-01-02T03:04:05.678Z',
          data: JSON.parse(data),
        });
      }),
    );
  });

  test('sends the headers of Standard Webhooks, which the reference library accepts', () => {
    const secrets = [1, 2].map((byte) => newSecret('standard', () => Buffer.alloc(32, byte)));
    const body = renderBody(standard, event);
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const keys = secrets.map((secret) => prepareKey(standard.signature, secret));
    const headers = requestHeaders(standard, { ...attempt, timestampSeconds, body, keys });
    expect(headers).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Bellwire/1.0',
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': expect.stringMatching(/^v1,\S+ v1,\S+$/),
    });
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(text(body), headers)).toHaveProperty('type', 'task.done');
    }
    expect([...headerNames(standard)].toSorted()).toEqual(Object.keys(headers).toSorted());
  });

  test('tries ten times over three days, each wait up to a fifth longer', () => {
    const policy = resolvePolicy(standard, undefined);
    const waits = policy.scheduleSeconds.map((_, index) => {
      const failure = { outcome: 'unreachable', durationMs: 1, timings: {} } as const;
      const position = { attempt: index + 1, roundFirstAttempt: 1, deadlineAtMs: Number.MAX_SAFE_INTEGER };
      const at = (chance: number) => nextState(position, failure, policy, 0, () => chance);
      expect(at(0.5)).toEqual({
        status: 'retrying',
        reason: 'retry',
        dueAtMs: (policy.scheduleSeconds[index] ?? 0) * 1100,
      });
      return at(0);
    });
    expect(waits.map((state) => ('dueAtMs' in state ? state.dueAtMs / 1000 : 0))).toEqual([
      5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]);
    expect(standard.timeoutMs).toBe(15_000);
  });

  test("an endpoint's own schedule has no jitter", () => {
    expect(resolvePolicy(standard, { scheduleSeconds: [1, 2] })).toEqual({
      scheduleSeconds: [1, 2],
      retryOn: 'any_failure',
      jitter: 0,
    });
    expect(resolvePolicy(standard, { scheduleSeconds: [], retryOn: 'transient' }).retryOn).toBe('transient');
  });
});
