import { describe, expect, test } from '@jest/globals';
import { Endpoint, RetryOn } from '@bellwire/contracts';
import { headerNames, standard } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import { checkEndpoint, endpointFields } from './endpoint-fields.ts';

const context = { urlPolicy: { allowHttp: false, allowCidrs: [] }, dialectHeaders: headerNames(standard) };

const anEndpoint = (parts: Partial<Endpoint> = {}): Endpoint => ({
  ...Endpoint.create(),
  url: 'https://example.com/hook',
  ...parts,
});

const faultOf = (parts: Partial<Endpoint>): Fault | undefined => {
  try {
    checkEndpoint(anEndpoint(parts), [...endpointFields.keys()], context);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};
const pathsOf = (parts: Partial<Endpoint>): string[] => faultOf(parts)?.fields.map(({ path }) => path) ?? [];
const quiet = { start: '22:00', end: '06:30', timeZone: 'Europe/Berlin', mode: 'hold' };

describe('an endpoint is accepted with', () => {
  test.each<[string, Partial<Endpoint>]>([
    ['nothing but a URL', {}],
    ['event types', { eventTypes: ['order.paid', 'user.*', '*'] }],
    ['operational event types', { eventTypes: ['bellwire.*', 'bellwire.endpoint.disabled'] }],
    ['a filter', { filter: '{"data.amount":{"$gt":100}}' }],
    ['no retries', { retry: { scheduleSeconds: [], retryOn: RetryOn.UNSPECIFIED } }],
    ['a schedule', { retry: { scheduleSeconds: [0.5, 604_800], retryOn: RetryOn.TRANSIENT } }],
    ['limits', { timeoutMs: 60_000, rateLimit: { limit: 100_000, periodSeconds: 86_400 }, maxConcurrency: 1000 }],
    ['an hourly limit', { hourlyLimit: 100_000 }],
    ['quiet hours over midnight', { quietHours: quiet }],
    ['a preset for the payload', { payloadTemplate: { preset: 'slack', expression: '' } }],
    ['an expression for the payload', { payloadTemplate: { preset: '', expression: '{"text": data.message}' } }],
    ['headers', { headers: { Authorization: 'Bearer a b', 'X-Empty': '' } }],
    ['metadata', { metadata: { team: 'x'.repeat(500) } }],
  ])('%s', (_, parts) => {
    expect(faultOf(parts)).toBeUndefined();
  });
});

describe('an endpoint is refused for', () => {
  test.each<[string, Partial<Endpoint>, string[]]>([
    ['a missing URL', { url: '' }, ['url']],
    ['a long description', { description: 'x'.repeat(1001) }, ['description']],
    ['a NUL', { description: 'a\u0000b', metadata: { a: '\u0000' } }, ['description', 'metadata.a']],
    ['half a surrogate pair', { description: '\ud800', subject: '\udc00' }, ['description', 'subject']],
    ['an empty subject', { subject: '' }, ['subject']],
    ['a subject that no event can have', { subject: 'u'.repeat(256) }, ['subject']],
    ['a blank subject', { subject: ' \t' }, ['subject']],
    ['a wrong pattern', { eventTypes: ['ok', 'a.*.b'] }, ['event_types[1]']],
    ['an operational event that there is not', { eventTypes: ['bellwire.nonsense'] }, ['event_types[0]']],
    ['too many patterns', { eventTypes: Array.from({ length: 101 }, () => 'a') }, ['event_types']],
    [
      'waits out of range',
      { retry: { scheduleSeconds: [0, 1, 604_801, Number.NaN], retryOn: RetryOn.UNSPECIFIED } },
      ['retry.schedule_seconds[0]', 'retry.schedule_seconds[2]', 'retry.schedule_seconds[3]'],
    ],
    [
      'a long schedule',
      { retry: { scheduleSeconds: Array.from({ length: 21 }, () => 1), retryOn: RetryOn.UNSPECIFIED } },
      ['retry.schedule_seconds'],
    ],
    ['an unknown retry_on', { retry: { scheduleSeconds: [], retryOn: RetryOn.UNRECOGNIZED } }, ['retry.retry_on']],
    ['a short time-out', { timeoutMs: 999 }, ['timeout_ms']],
    ['a long time-out', { timeoutMs: 60_001 }, ['timeout_ms']],
    [
      'an empty rate limit',
      { rateLimit: { limit: 0, periodSeconds: 0 } },
      ['rate_limit.limit', 'rate_limit.period_seconds'],
    ],
    ['a large hourly limit', { hourlyLimit: 100_001 }, ['hourly_limit']],
    ['too much concurrency', { maxConcurrency: 1001 }, ['max_concurrency']],
    [
      'wrong quiet hours',
      { quietHours: { start: '24:00', end: '6:00', timeZone: '+02:00', mode: 'drop' } },
      ['quiet_hours.start', 'quiet_hours.end', 'quiet_hours.time_zone', 'quiet_hours.mode'],
    ],
    ['quiet hours without length', { quietHours: { ...quiet, end: quiet.start } }, ['quiet_hours.end']],
    ['an empty template', { payloadTemplate: { preset: '', expression: '' } }, ['payload_template']],
    ['an unknown preset', { payloadTemplate: { preset: 'teams', expression: '' } }, ['payload_template.preset']],
    ['a wrong expression', { payloadTemplate: { preset: '', expression: '{' } }, ['payload_template.expression']],
    [
      'NUL in an expression',
      { payloadTemplate: { preset: '', expression: '"\u0000"' } },
      ['payload_template.expression'],
    ],
    ['an unknown zone', { quietHours: { ...quiet, timeZone: 'Europe/Atlantis' } }, ['quiet_hours.time_zone']],
    ['a header name with a blank', { headers: { 'X A': 'a' } }, ['headers.X A']],
    ['a header twice', { headers: { 'X-A': 'a', 'x-a': 'b' } }, ['headers.x-a']],
    [
      'too many headers',
      { headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, ''])) },
      ['headers'],
    ],
    ['too large headers', { headers: { 'x-a': 'x'.repeat(4096) } }, ['headers']],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ''])) },
      ['metadata'],
    ],
    ['a long note', { metadata: { a: 'x'.repeat(501), '': 'a' } }, ['metadata.a', 'metadata']],
  ])('%s', (_, parts, paths) => {
    expect(pathsOf(parts)).toEqual(paths);
    expect(faultOf(parts)?.reason).toBe('INVALID_FIELD');
  });

  test('a number beyond its bounds, and is told bounds that can be asked for', () => {
    expect(faultOf({ hourlyLimit: 100_001, maxConcurrency: 1001 })?.fields).toEqual([
      { path: 'hourly_limit', message: 'must be between 1 and 100000' },
      { path: 'max_concurrency', message: 'must be between 1 and 1000' },
    ]);
  });

  test.each(['a\r\nX-B: c', 'a\nb', 'a\u0000', 'a\tb', 'é', ' a', 'a '])('the header value %j', (value) => {
    expect(pathsOf({ headers: { 'X-A': value } })).toEqual(['headers.X-A']);
  });

  test.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'upgrade',
    'te',
    'trailer',
    'keep-alive',
    'Proxy-Authorization',
    'webhook-id',
    'Webhook-Anything',
    'traceparent',
    'tracestate',
    'baggage',
    'Cookie',
    'content-type',
    'User-Agent',
    'x-bellwire-test',
    'expect',
  ])('the reserved header %s', (name) => {
    expect(pathsOf({ headers: { [name]: 'a' } })).toEqual([`headers.${name}`]);
  });
});

describe('the reason of a refusal', () => {
  test('names the URL where only that is wrong', () => {
    expect(faultOf({ url: 'https://127.0.0.1/' })).toMatchObject({ reason: 'INVALID_URL', fields: [{ path: 'url' }] });
    expect(faultOf({ url: 'http://example.com/' })?.reason).toBe('INVALID_URL');
    expect(faultOf({ url: `https://example.com/${'x'.repeat(2048)}` })?.reason).toBe('INVALID_URL');
  });

  test('names the filter where only that is wrong', () => {
    expect(faultOf({ filter: '{"data.a":{"$where":"1"}}' })).toMatchObject({
      reason: 'INVALID_FILTER',
      fields: [{ path: 'filter.data.a.$where' }],
    });
    expect(faultOf({ filter: '{' })?.reason).toBe('INVALID_FILTER');
  });

  test('is INVALID_FIELD with every problem where several are wrong', () => {
    const fault = faultOf({ url: 'ftp://example.com', filter: '[]', timeoutMs: 1 });
    expect(fault?.reason).toBe('INVALID_FIELD');
    expect(fault?.fields.map(({ path }) => path)).toEqual(['url', 'filter', 'timeout_ms']);
  });
});
