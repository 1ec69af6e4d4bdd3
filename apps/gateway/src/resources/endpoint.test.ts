import { describe, expect, test } from '@jest/globals';
import { Endpoint, RetryOn } from '@bellwire/contracts';
import { writeJson } from '../json-text.ts';
import { atText, samples } from '../testing/fake-services.ts';
import { endpointChanges, fromEndpointChanges, fromNewEndpoint, newEndpoint, toEndpoint } from './endpoint.ts';

const full = {
  url: 'https://example.org/hooks',
  description: 'Orders',
  subject: 'u1',
  event_types: ['order.*'],
  enabled: true,
  retry: { schedule_seconds: [1, 2.5], retry_on: 'transient' as const },
  timeout_ms: 5000,
  rate_limit: { limit: 5, period_seconds: 60 },
  hourly_limit: 20,
  quiet_hours: { start: '22:00', end: '06:00', time_zone: 'Europe/Lisbon', mode: 'skip' as const },
  payload_template: { expression: '{"text": data.message}' },
  max_concurrency: 3,
  headers: { 'X-Team': 'a' },
  metadata: { plan: 'gold' },
  test_mode: true,
};

describe('an endpoint outward', () => {
  test('has every member of the contract, with its filter verbatim', () => {
    const text = writeJson(toEndpoint(samples.endpoint));
    expect(text).toContain('"filter":{"data.amount":{"$gt":1e2}}');
    expect(JSON.parse(text)).toEqual({
      id: 'ep_1',
      url: 'https://example.org/hooks',
      description: '',
      subject: null,
      event_types: ['order.*'],
      filter: { 'data.amount': { $gt: 100 } },
      enabled: true,
      disabled_reason: null,
      retry: { schedule_seconds: [1, 2.5], retry_on: 'transient' },
      timeout_ms: null,
      rate_limit: { limit: 5, period_seconds: 60 },
      hourly_limit: null,
      quiet_hours: { start: '22:00', end: '06:00', time_zone: 'Europe/Lisbon', mode: 'skip' },
      payload_template: null,
      max_concurrency: null,
      headers: { 'X-Team': '***' },
      metadata: { plan: 'gold' },
      test_mode: false,
      created_at: atText,
      updated_at: atText,
    });
  });

  test('shows null for what is not set', () => {
    const at = new Date(atText);
    const bare = Endpoint.fromPartial({ id: 'ep_2', url: 'https://example.org', createdAt: at, updatedAt: at });
    expect(JSON.parse(writeJson(toEndpoint(bare)))).toMatchObject({
      event_types: [],
      filter: null,
      retry: null,
      rate_limit: null,
      quiet_hours: null,
      headers: {},
    });
  });
});

describe('an endpoint inward', () => {
  test('comes back as it was given', () => {
    const request = fromNewEndpoint(newEndpoint.parse({ ...full, filter: { a: 1 } }), '{"a":1.0}');
    expect(request.endpoint?.filter).toBe('{"a":1.0}');
    const at = new Date(atText);
    const stored = Endpoint.fromPartial({ ...request.endpoint, id: 'ep_1', createdAt: at, updatedAt: at });
    const back: unknown = JSON.parse(writeJson(toEndpoint(stored)));
    expect(back).toMatchObject({ ...full, filter: { a: 1 } });
  });

  test('takes null for absent, and leaves the defaults to registry', () => {
    const nothing = Object.fromEntries(
      [
        'description',
        'subject',
        'event_types',
        'filter',
        'retry',
        'timeout_ms',
        'rate_limit',
        'hourly_limit',
        'quiet_hours',
      ].map((name) => [name, null]),
    );
    const given = newEndpoint.parse({ url: 'https://example.org', ...nothing, headers: null, secret: null });
    expect(fromNewEndpoint(given, 'null')).toEqual({
      endpoint: Endpoint.fromPartial({ url: 'https://example.org' }),
      secret: undefined,
      disabled: false,
    });
  });

  test('leaves it to the dialect what is retried where that is not said', () => {
    const given = newEndpoint.parse({ url: 'https://example.org', retry: { schedule_seconds: [] } });
    expect(fromNewEndpoint(given, undefined).endpoint?.retry).toEqual({
      scheduleSeconds: [],
      retryOn: RetryOn.UNSPECIFIED,
    });
  });
});

describe('a change of an endpoint', () => {
  const changes = (given: unknown, filterText?: string) =>
    fromEndpointChanges('ep_1', endpointChanges.parse(given), filterText);

  test('masks the members that are given, and only those', () => {
    const { endpoint, updateMask } = changes({ url: 'https://example.net', rate_limit: null, enabled: false });
    expect(updateMask?.toSorted()).toEqual(['enabled', 'rate_limit', 'url']);
    expect(endpoint).toEqual(Endpoint.fromPartial({ id: 'ep_1', url: 'https://example.net' }));
  });

  test('clears with null', () => {
    const { endpoint, updateMask } = changes({ filter: null, timeout_ms: null, headers: null }, 'null');
    expect(updateMask?.toSorted()).toEqual(['filter', 'headers', 'timeout_ms']);
    expect(endpoint).toEqual(Endpoint.fromPartial({ id: 'ep_1' }));
  });

  test('sets a template and clears it', () => {
    const preset = changes({ payload_template: { preset: 'slack' } });
    expect(preset.updateMask).toEqual(['payload_template']);
    expect(preset.endpoint?.payloadTemplate).toEqual({ preset: 'slack', expression: '' });
    const cleared = changes({ payload_template: null });
    expect(cleared.updateMask).toEqual(['payload_template']);
    expect(cleared.endpoint?.payloadTemplate).toBeUndefined();
  });

  test('of nothing has an empty mask', () => {
    expect(changes({}).updateMask).toEqual([]);
  });

  test('cannot clear the URL', () => {
    expect(endpointChanges.safeParse({ url: null }).success).toBe(false);
  });
});
