import { z } from 'zod';
import { Endpoint, type DeliveryStats } from '@bellwire/contracts';
import { contribux } from '@bellwire/dialects';
import { givenSecret } from '../given-text.ts';
import { filterTextOf, filtersOf, type Filters } from './filters.ts';
import { statisticsOf } from './statistics.ts';
import { testResult } from './test-delivery.ts';
import { optionalSecondsText, secondsText } from './times.ts';

const filters = z.record(z.string(), z.unknown()).nullish();
const events = z.array(z.string()).min(1).max(100);
const secret = givenSecret(contribux.signature);

/** What may be left out may be null. */
export const newWebhook = z.strictObject({
  url: z.string(),
  events,
  active: z.boolean().nullish(),
  secret: secret.nullish(),
  filters,
});

/** What is given is replaced as a whole; null gives back what a new webhook has, where that is anything. */
export const webhookChanges = z.strictObject({
  url: z.string().optional(),
  events: events.optional(),
  active: z.boolean().nullish(),
  secret: secret.optional(),
  filters,
});

const webhook = z.object({
  webhook_id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  active: z.boolean(),
  created_at: z.string(),
});
const configured = z.object({ secret_configured: z.boolean() });

export const createdWebhook = webhook.extend({ ...configured.shape, test_delivery: testResult });
export const listedWebhook = webhook.extend({
  last_delivery: z.string().nullable(),
  stats: z.object({
    total_deliveries: z.int(),
    successful_deliveries: z.int(),
    failed_deliveries: z.int(),
    success_rate: z.number(),
  }),
});
/** The document has no answer for one webhook: what it says elsewhere, and the filters, null where /v1 set others. */
const ofOne = { ...configured.shape, filters: z.record(z.string(), z.unknown()).nullable() };
export const changedWebhook = webhook.extend(ofOne);
export const shownWebhook = listedWebhook.extend(ofOne);

/** In the metadata of an endpoint whose user gave no secret, so that nobody can verify what it receives. */
const secretMark = 'contribux.secret';
const unconfigured = { [secretMark]: 'not configured' };

/** @throws Fault INVALID_FIELD */
export const endpointOfNew = (given: z.infer<typeof newWebhook>): Endpoint =>
  Endpoint.fromPartial({
    url: given.url,
    eventTypes: given.events,
    filter: filterTextOf(given.filters),
    metadata: given.secret === undefined || given.secret === null ? unconfigured : {},
  });

export interface EndpointChanges {
  endpoint: Endpoint;
  updateMask: string[];
}

/** @throws Fault INVALID_FIELD */
export const changesOf = (id: string, given: z.infer<typeof webhookChanges>): EndpointChanges => ({
  endpoint: Endpoint.fromPartial({
    id,
    url: given.url,
    eventTypes: given.events,
    filter: filterTextOf(given.filters),
    enabled: given.active === null ? true : given.active,
  }),
  updateMask: [
    ...(given.url === undefined ? [] : ['url']),
    ...(given.events === undefined ? [] : ['event_types']),
    ...(given.filters === undefined ? [] : ['filter']),
    ...(given.active === undefined ? [] : ['enabled']),
  ],
});

/** The same, and the endpoint no longer says that its user gave no secret. */
export const withSecret = ({ endpoint, updateMask }: EndpointChanges, before: Endpoint): EndpointChanges => {
  const { [secretMark]: mark, ...metadata } = before.metadata;
  return mark === undefined
    ? { endpoint, updateMask }
    : { endpoint: { ...endpoint, metadata }, updateMask: [...updateMask, 'metadata'] };
};

/** @throws Error where registry left out the time */
const toWebhook = ({ id, url, eventTypes, enabled, createdAt }: Endpoint): z.infer<typeof webhook> => {
  if (createdAt === undefined) throw new Error('registry left out a time');
  return { webhook_id: id, url, events: eventTypes, active: enabled, created_at: secondsText(createdAt) };
};

const isConfigured = ({ metadata }: Endpoint): boolean => metadata[secretMark] === undefined;

const partOfOne = (endpoint: Endpoint): { secret_configured: boolean; filters: Filters | null } => ({
  secret_configured: isConfigured(endpoint),
  filters: filtersOf(endpoint.filter),
});

export const toCreatedWebhook = (
  endpoint: Endpoint,
  test: z.infer<typeof testResult>,
): z.infer<typeof createdWebhook> => {
  const { created_at, ...members } = toWebhook(endpoint);
  return { ...members, secret_configured: isConfigured(endpoint), created_at, test_delivery: test };
};

export const toListedWebhook = (
  endpoint: Endpoint,
  stats: DeliveryStats | undefined,
): z.infer<typeof listedWebhook> => ({
  ...toWebhook(endpoint),
  last_delivery: optionalSecondsText(stats?.lastAttemptAt),
  stats: statisticsOf(stats),
});

export const toChangedWebhook = (endpoint: Endpoint): z.infer<typeof changedWebhook> => ({
  ...toWebhook(endpoint),
  ...partOfOne(endpoint),
});

export const toShownWebhook = (endpoint: Endpoint, stats: DeliveryStats | undefined): z.infer<typeof shownWebhook> => ({
  ...toListedWebhook(endpoint, stats),
  ...partOfOne(endpoint),
});
