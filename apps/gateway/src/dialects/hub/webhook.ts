import { z } from 'zod';
import { Endpoint } from '@bellwire/contracts';
import { hub, scheduleFor } from '@bellwire/dialects';
import { time, timeText } from '../../resources/members.ts';
import { givenName, givenSecret } from '../given-text.ts';

const perMinute = 60;

/** What a webhook has that says nothing of it. */
const defaults = { maxRetries: hub.retry.scheduleSeconds.length, rateLimit: hub.rateLimit?.limit ?? 0 };

// Bounds are kept here: registry would name its own fields. What is wrong with a URL, registry says.
const members = {
  name: givenName(255),
  url: z.string(),
  events: z.array(z.string()).min(1).max(100),
  secret: givenSecret(hub.signature).optional(),
  testMode: z.boolean(),
  active: z.boolean(),
  maxRetries: z.int(),
  rateLimit: z.int().min(1).max(100_000),
};

/** A webhook as a whole: what is left out is at its default, and of one that is replaced the secret alone stays. */
export const wholeWebhook = z.strictObject({
  ...members,
  testMode: members.testMode.default(false),
  active: members.active.default(true),
  maxRetries: members.maxRetries.default(defaults.maxRetries),
  rateLimit: members.rateLimit.default(defaults.rateLimit),
});

export const webhookChanges = z.strictObject(members).partial();

export type WebhookChanges = z.infer<typeof webhookChanges>;

export const webhook = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  testMode: z.boolean(),
  active: z.boolean(),
  maxRetries: z.int(),
  /** Requests a minute. */
  rateLimit: z.number(),
  createdAt: time,
});

export const createdWebhook = webhook.extend({
  /** Where it was made for the user: in this answer and nowhere else. */
  secret: z.string().optional(),
});

/** An endpoint as its user knows it. One that was made through /v1 may have a limit of another period. */
export const toWebhook = (endpoint: Endpoint): z.infer<typeof webhook> => {
  const { retry, rateLimit } = endpoint;
  return {
    id: endpoint.id,
    name: endpoint.description,
    url: endpoint.url,
    events: endpoint.eventTypes,
    testMode: endpoint.testMode,
    active: endpoint.enabled,
    maxRetries: retry?.scheduleSeconds.length ?? defaults.maxRetries,
    rateLimit: rateLimit === undefined ? defaults.rateLimit : (rateLimit.limit * perMinute) / rateLimit.periodSeconds,
    createdAt: timeText(endpoint.createdAt),
  };
};

/** By member: the field of an endpoint that holds it, as an update mask names it. The secret is none of them. */
const fields: Readonly<Record<Exclude<keyof WebhookChanges, 'secret'>, string>> = {
  name: 'description',
  url: 'url',
  events: 'event_types',
  testMode: 'test_mode',
  active: 'enabled',
  maxRetries: 'retry',
  rateLimit: 'rate_limit',
};

/**
 * The endpoint that has what was given.
 * @throws Fault INVALID_FIELD for maxRetries
 */
export const toEndpoint = (given: WebhookChanges): Endpoint =>
  Endpoint.fromPartial({
    description: given.name,
    url: given.url,
    eventTypes: given.events,
    testMode: given.testMode,
    enabled: given.active,
    retry:
      given.maxRetries === undefined
        ? undefined
        : { scheduleSeconds: [...scheduleFor(hub, given.maxRetries, 'maxRetries')] },
    rateLimit: given.rateLimit === undefined ? undefined : { limit: given.rateLimit, periodSeconds: perMinute },
  });

/** The update mask for what was given. */
export const maskOf = (given: WebhookChanges): string[] =>
  Object.entries(fields).flatMap(([member, field]) => (Object.hasOwn(given, member) ? [field] : []));
