import { describe, expect, test } from '@jest/globals';
import { nextState, type AttemptOutcome } from '@bellwire/domain';
import { prepareKey } from '@bellwire/signing';
import {
  aifai,
  bodyNamesDelivery,
  contribux,
  dialectNames,
  hub,
  notely,
  renderBody,
  requestHeaders,
  resolvePolicy,
  roleReady,
  scheduleFor,
  scheduleOf,
  type Dialect,
  type RenderedEvent,
} from './index.ts';

const systems = [contribux, roleReady, aifai, hub, notely];
const deliveryId = '01234567-89ab-8def-8123-456789abcdef';
const hmac = /^[0-9a-f]{64}$/;
const prefixed = /^sha256=[0-9a-f]{64}$/;

const exampleOf = (dialect: Dialect, type: string): string =>
  dialect.catalogue.find(({ name }) => name === type)?.example ?? '';

const bodyOf = (dialect: Dialect, type: string, changes: Partial<RenderedEvent> = {}): string => {
  const atMs = Date.UTC(2024, 0, 20, 10, 30, 0, 120);
  const times = { occurredAtMs: atMs, acceptedAtMs: atMs };
  const event = { id: 'evt_1', type, data: exampleOf(dialect, type), subject: 'user_123', deliveryId, ...times };
  return Buffer.from(renderBody(dialect, { ...event, ...changes })).toString('utf8');
};

const headersOf = (dialect: Dialect, eventType: string): Record<string, string> =>
  requestHeaders(dialect, {
    eventId: 'evt_1',
    deliveryId,
    eventType,
    endpointId: 'ep_1',
    occurredAtMs: 0,
    attempt: 1,
    timestampSeconds: 1,
    body: Buffer.from('{}'),
    keys: [prepareKey(dialect.signature, 'your-secret-key')],
  });

describe('what receivers of each system get', () => {
  test('contribux: the envelope with links where the event has some', () => {
    const data = exampleOf(contribux, 'opportunity.matched');
    const start = `{"event":"opportunity.matched","timestamp":"2024-01-20T10:30:00Z","user_id":"user_123","data":${data}`;
    const actionUrls = { view_opportunity: 'https://contribux.ai/opportunities/opp_456' };
    expect(bodyOf(contribux, 'opportunity.matched', { actionUrls })).toBe(
      `${start},"action_urls":{"view_opportunity":"https://contribux.ai/opportunities/opp_456"}}`,
    );
    expect(bodyOf(contribux, 'opportunity.matched')).toBe(`${start}}`);
    expect(bodyOf(contribux, 'a.b', { subject: undefined, data: '1' })).toContain('"user_id":null');
    expect(headersOf(contribux, 'opportunity.matched')).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Contribux-Webhooks/1.0',
      'X-Contribux-Event': 'opportunity.matched',
      'X-Contribux-Delivery': deliveryId,
      'X-Contribux-Signature': expect.stringMatching(prefixed),
    });
  });

  test('roleready: the delivery id in the body, the signature without a prefix', () => {
    expect(bodyOf(roleReady, 'resume.parsed')).toBe(
      `{"event":"resume.parsed","deliveryId":"${deliveryId}","timestamp":"2024-01-20T10:30:00.120Z","userId":"user_123",` +
        '"data":{"resumeId":"clx...","fileName":"john_doe_resume.pdf","parsedAt":"2024-11-14T10:05:00Z","success":true}}',
    );
    expect(headersOf(roleReady, 'resume.parsed')).toEqual({
      'content-type': 'application/json',
      'user-agent': 'RoleReady-Webhook/1.0',
      'X-Webhook-Event': 'resume.parsed',
      'X-Webhook-Delivery-Id': deliveryId,
      'X-Webhook-Signature': expect.stringMatching(hmac),
    });
    expect(bodyNamesDelivery(roleReady)).toBe(true);
  });

  test('aifai: the data as the notification', () => {
    expect(bodyOf(aifai, 'notification')).toBe(
      `{"event":"notification","notification":${exampleOf(aifai, 'notification')},` +
        '"timestamp":"2024-01-20T10:30:00Z","platform":"aifai"}',
    );
    expect(headersOf(aifai, 'notification')).toEqual({
      'content-type': 'application/json',
      'user-agent': 'AIFAI-Webhook/1.0',
      'X-AIFAI-Event': 'notification',
      'X-AIFAI-Signature': expect.stringMatching(prefixed),
    });
  });

  test('hub: the data and nothing around it', () => {
    expect(bodyOf(hub, 'task.updated')).toBe('{"taskId":"123","changes":["status"]}');
    expect(headersOf(hub, 'task.updated')).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Bellwire/1.0',
      'X-Webhook-ID': 'ep_1',
      'X-Delivery-ID': deliveryId,
      'X-Event-Type': 'task.updated',
      'X-Hub-Signature': expect.stringMatching(prefixed),
    });
  });

  test('notely: type and data', () => {
    expect(bodyOf(notely, 'task.completed', { data: '{"task_id":"7"}' })).toBe(
      '{"event_type":"task.completed","data":{"task_id":"7"}}',
    );
    expect(headersOf(notely, 'task.completed')).toEqual({
      'content-type': 'application/json',
      'user-agent': 'Bellwire/1.0',
      'X-Webhook-Delivery-Id': deliveryId,
      'X-Webhook-Signature': expect.stringMatching(prefixed),
    });
  });
});

describe('what the systems promise', () => {
  test('a tenant may have each of them, and has only the types of their catalogue', () => {
    expect(dialectNames).toEqual([
      'standard',
      'contribux',
      'roleready',
      'aifai',
      'hub',
      'notely',
      'github',
      'stripe',
      'cloudevents',
      'cloudevents-binary',
    ]);
    expect(systems.map(({ catalogue }) => catalogue.length)).toEqual([8, 7, 1, 6, 17]);
    expect(systems.map(({ eventTypePolicy }) => eventTypePolicy)).toEqual(systems.map(() => 'strict'));
  });

  test.each(systems)('$name: each example is JSON that its own receivers can verify', ({ catalogue }) => {
    for (const { example, description } of catalogue) {
      if (example !== '') expect(JSON.stringify(JSON.parse(example))).toBe(example);
      expect(description).not.toBe('');
    }
  });

  test('attempts are repeated to the second, without jitter', () => {
    expect(systems.map((system) => resolvePolicy(system, undefined).scheduleSeconds)).toEqual([
      [5, 300, 1800, 7200],
      [1, 5, 15],
      [1, 2, 3],
      [5, 25, 125],
      [2, 4, 8],
    ]);
    expect(systems.map(({ retry }) => retry.jitter)).toEqual([0, 0, 0, 0, 0]);
  });

  const statusesRetried = (dialect: Dialect, own?: { scheduleSeconds: number[] }): number[] =>
    [400, 401, 404, 408, 409, 425, 429, 500, 503].filter((status) => {
      const response = { status, headers: {}, body: '' };
      const rejected: AttemptOutcome = { outcome: 'rejected', response, durationMs: 1, timings: {} };
      const position = { attempt: 1, roundFirstAttempt: 1, deadlineAtMs: Number.MAX_SAFE_INTEGER };
      return nextState(position, rejected, resolvePolicy(dialect, own), 0, () => 0).status === 'retrying';
    });

  test('aifai alone gives up at once where the receiver refuses, 408 and 425 included', () => {
    expect(statusesRetried(aifai)).toEqual([429, 500, 503]);
    expect(statusesRetried(aifai, { scheduleSeconds: [2] })).toEqual([429, 500, 503]);
    for (const system of [contribux, roleReady, hub, notely]) expect(statusesRetried(system)).toHaveLength(9);
  });

  test('a user may choose how often, up to ten times, and a wait is an hour at most', () => {
    expect(scheduleFor(hub, 10, 'maxRetries')).toEqual([5, 25, 125, 625, 3125, 3600, 3600, 3600, 3600, 3600]);
    expect(scheduleFor(notely, 10, 'retry_count')).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    expect(scheduleFor(hub, 0, 'maxRetries')).toEqual([]);
    expect(scheduleFor(aifai, 2, 'retries')).toEqual([1, 2]);
    expect(scheduleOf({ grows: 'by_step', stepSeconds: 0.5 }, 3)).toEqual([0.5, 1, 1.5]);
  });

  test.each([11, -1, 1.5, Number.NaN])('%s retries are refused', (retries) => {
    expect(() => scheduleFor(hub, retries, 'maxRetries')).toThrow('must be a whole number from 0 to 10');
    expect(() => scheduleFor(contribux, 1, 'retries')).toThrow('cannot be set in the dialect contribux');
  });
});
