import { z } from 'zod';
import { Endpoint, type CreateEndpointRequest, type UpdateEndpointRequest } from '@bellwire/contracts';
import { JsonText } from '../json-text.ts';
import { count, orNull, sized, textMap, time, timeText, userOf } from './members.ts';
import { fromPayloadTemplate, payloadTemplate, toPayloadTemplate } from './payload-template.ts';
import { fromRetry, givenRetry, retry, toRetry } from './retry.ts';

const hourlyLimit =
  'Deliveries that are begun in an hour and 1.5 s: what comes beyond is skipped. Retries and redeliveries do not count. ' +
  'null: no limit.';

const rateLimitText =
  'At most so many requests start in any period and 1.5 s, a second that is promised and half a second for the way: ' +
  '2 in a second lets 2 through in 2.5 s. What comes beyond waits for its slot. null: no limit.';

const testMode =
  'It receives what POST /v1/endpoints/{id}/test sends and nothing else; deliveries that wait for it are held meanwhile.';

const timeOfDay = z.string().meta({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' }).describe('Local time of day, HH:MM.');

const rateLimit = {
  limit: count(1, 100_000).describe('Requests that may start in any period.'),
  period_seconds: count(1, 86_400),
};

const quietHours = {
  start: timeOfDay,
  end: timeOfDay.describe('Local time of day, HH:MM; on the next day where it is before the start.'),
  time_zone: z.string().describe('IANA name, such as Europe/Lisbon.'),
  mode: z.enum(['hold', 'skip']).describe('hold: deliver afterwards. skip: never.'),
};

export const endpoint = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    subject: z.string().nullable().describe('The user whose events it receives; null: all events of the tenant.'),
    event_types: z
      .array(z.string())
      .describe('Exact names, prefix.* patterns, or * for all. Empty: all. Of bellwire.* only what is named.'),
    filter: z.unknown().meta({ type: ['object', 'null'], description: 'Operators of MongoDB; null: no filter.' }),
    enabled: z.boolean(),
    disabled_reason: z.string().nullable(),
    retry: retry.nullable().describe('null: the schedule of the dialect.'),
    timeout_ms: z.int().nullable().describe('null: the default of the dialect.'),
    rate_limit: z.object(rateLimit).nullable().describe(rateLimitText),
    hourly_limit: z.int().nullable().describe(hourlyLimit),
    quiet_hours: z.object(quietHours).nullable(),
    payload_template: payloadTemplate.nullable().describe('null: the body as the dialect has it.'),
    max_concurrency: z.int().nullable().describe('Requests in flight; null: the default of the deployment.'),
    headers: textMap.describe('Names of the custom headers: *** stands for the values, which never come back.'),
    metadata: textMap,
    test_mode: z.boolean().describe(testMode),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Endpoint', description: 'A URL that receives events.' });

export const endpointWithSecret = endpoint
  .extend({ secret: z.string().describe('Signs the requests: in this answer and nowhere else.') })
  .meta({ id: 'EndpointWithSecret' });

const members = z.strictObject({
  url: sized(1, 2048).describe('https, of a public host.'),
  description: sized(0, 1000).nullish(),
  subject: userOf.nullish().describe('It receives the events of this user only; null: all events of the tenant.'),
  event_types: z
    .array(z.string())
    .meta({ maxItems: 100 })
    .nullish()
    .describe(
      'Exact names, prefix.* patterns, or *, each kept once; null or empty: all. Of bellwire.* only what is named.',
    ),
  filter: z.record(z.string(), z.unknown()).nullish().describe('Operators of MongoDB; null: no filter.'),
  enabled: z.boolean().optional().describe('As enable and disable do.'),
  retry: givenRetry.nullish().describe('null: the schedule of the dialect.'),
  timeout_ms: count(1000, 60_000).nullish().describe('null: the default of the dialect.'),
  rate_limit: z.strictObject(rateLimit).nullish().describe(rateLimitText),
  hourly_limit: count(1, 100_000).nullish().describe(hourlyLimit),
  quiet_hours: z
    .strictObject({
      ...quietHours,
      time_zone: quietHours.time_zone.default('UTC'),
      mode: quietHours.mode.default('hold'),
    })
    .nullish(),
  payload_template: payloadTemplate
    .nullish()
    .describe('Either preset or expression; null: the body as the dialect has it.'),
  max_concurrency: count(1, 1000).nullish().describe('Requests in flight; null: the default of the deployment.'),
  headers: textMap
    .meta({ maxProperties: 20 })
    .nullish()
    .describe('Sent with each request, 4,096 bytes together. In a change *** keeps the value that a name has.'),
  metadata: textMap
    .meta({ maxProperties: 50 })
    .nullish()
    .describe('Your notes: names of up to 100 characters, values of up to 500.'),
  test_mode: z.boolean().optional().describe(testMode),
});

export const newEndpoint = members
  .extend({ secret: z.string().nullish().describe('Made by Bellwire where absent.') })
  .meta({
    examples: [
      {
        url: 'https://example.com/webhooks',
        description: 'Invoices',
        event_types: ['invoice.*'],
        filter: { 'data.amount': { $gte: 100 } },
        retry: { schedule_seconds: [5, 60, 600], retry_on: 'transient' },
        timeout_ms: 10_000,
        rate_limit: { limit: 100, period_seconds: 60 },
        quiet_hours: { start: '22:00', end: '06:00', time_zone: 'Europe/Lisbon', mode: 'hold' },
      },
    ],
  });

export const endpointChanges = members
  .partial()
  .meta({ examples: [{ event_types: ['invoice.paid'], filter: null, timeout_ms: 20_000 }] });

export const toEndpoint = (message: Endpoint): z.infer<typeof endpoint> => {
  const { rateLimit: rate, quietHours: quiet } = message;
  return {
    id: message.id,
    url: message.url,
    description: message.description,
    subject: message.subject ?? null,
    event_types: message.eventTypes,
    filter: new JsonText(message.filter === '' ? 'null' : message.filter),
    enabled: message.enabled,
    disabled_reason: orNull(message.disabledReason),
    retry: toRetry(message.retry),
    timeout_ms: message.timeoutMs === 0 ? null : message.timeoutMs,
    rate_limit: rate === undefined ? null : { limit: rate.limit, period_seconds: rate.periodSeconds },
    hourly_limit: message.hourlyLimit === 0 ? null : message.hourlyLimit,
    quiet_hours:
      quiet === undefined
        ? null
        : {
            start: quiet.start,
            end: quiet.end,
            time_zone: quiet.timeZone,
            mode: quiet.mode === 'skip' ? 'skip' : 'hold',
          },
    payload_template: toPayloadTemplate(message.payloadTemplate),
    max_concurrency: message.maxConcurrency === 0 ? null : message.maxConcurrency,
    headers: message.headers,
    metadata: message.metadata,
    test_mode: message.testMode,
    created_at: timeText(message.createdAt),
    updated_at: timeText(message.updatedAt),
  };
};

/** @throws Error where the service left it out */
export const toEndpointWithSecret = (answer: { endpoint: Endpoint | undefined; secret: string }) => {
  if (answer.endpoint === undefined) throw new Error('registry left out the endpoint');
  return { ...toEndpoint(answer.endpoint), secret: answer.secret };
};

const fromMembers = (given: z.infer<typeof endpointChanges>, filterText: string | undefined): Endpoint => {
  const { rate_limit: rate, quiet_hours: quiet } = given;
  return Endpoint.fromPartial({
    url: given.url,
    description: given.description ?? undefined,
    subject: given.subject ?? undefined,
    eventTypes: given.event_types ?? undefined,
    filter: filterText === 'null' ? undefined : filterText,
    enabled: given.enabled,
    retry: fromRetry(given.retry),
    timeoutMs: given.timeout_ms ?? undefined,
    rateLimit: rate ? { limit: rate.limit, periodSeconds: rate.period_seconds } : undefined,
    hourlyLimit: given.hourly_limit ?? undefined,
    quietHours: quiet ? { start: quiet.start, end: quiet.end, timeZone: quiet.time_zone, mode: quiet.mode } : undefined,
    payloadTemplate: given.payload_template ? fromPayloadTemplate(given.payload_template) : undefined,
    maxConcurrency: given.max_concurrency ?? undefined,
    headers: given.headers ?? undefined,
    metadata: given.metadata ?? undefined,
    testMode: given.test_mode,
  });
};

/** @param filterText the member `filter` as it is written in the body, minified */
export const fromNewEndpoint = (
  { secret, ...given }: z.infer<typeof newEndpoint>,
  filterText: string | undefined,
): CreateEndpointRequest => ({
  endpoint: fromMembers(given, filterText),
  secret: secret ?? undefined,
  disabled: given.enabled === false,
});

/** Only the members that were given are in the mask; null clears. Their names are those of the contract. */
export const fromEndpointChanges = (
  id: string,
  given: z.infer<typeof endpointChanges>,
  filterText: string | undefined,
): UpdateEndpointRequest => ({
  endpoint: { ...fromMembers(given, filterText), id },
  updateMask: Object.keys(given),
});
