import { cloudEventsBinary, github as githubSignature, stripe as stripeSignature } from '@bellwire/signing';
import type { Dialect } from './dialect.ts';
import { standard } from './standard.ts';

/**
 * For receivers that were written for GitHub: the data alone is the body. The user agent does not claim to be GitHub.
 * Source: docs.github.com, webhook events and payloads, delivery headers.
 */
export const github: Dialect = {
  ...standard,
  name: 'github',
  envelope: { from: 'data' },
  headers: [
    { name: 'X-GitHub-Event', value: '{eventType}' },
    { name: 'X-GitHub-Delivery', value: '{deliveryId}' },
    { name: 'X-GitHub-Hook-ID', value: '{endpointId}' },
  ],
  signature: githubSignature,
  takes: 'object',
};

/** For receivers that were written for Stripe: its event object around the data. Source: docs.stripe.com/api/events/object. */
export const stripe: Dialect = {
  ...standard,
  name: 'stripe',
  envelope: {
    from: 'object',
    fields: [
      { name: 'id', source: { from: 'event_id' } },
      { name: 'object', source: { from: 'constant', value: 'event' } },
      { name: 'api_version', source: { from: 'constant', value: null } },
      { name: 'created', source: { from: 'time', of: 'occurred', as: 'unix_seconds' } },
      { name: 'data', source: { from: 'object', fields: [{ name: 'object', source: { from: 'data' } }] } },
      { name: 'livemode', source: { from: 'constant', value: true } },
      { name: 'type', source: { from: 'event_type' } },
    ],
  },
  signature: stripeSignature,
  takes: 'object',
};

/** Event ids are unique in a deployment, so that one source does for all. */
const source = '/bellwire/events';

/** CloudEvents 1.0, structured mode: everything in the body, and so signed. Source: CloudEvents JSON format and HTTP binding. */
export const cloudEvents: Dialect = {
  ...standard,
  name: 'cloudevents',
  envelope: {
    from: 'object',
    fields: [
      { name: 'specversion', source: { from: 'constant', value: '1.0' } },
      { name: 'id', source: { from: 'event_id' } },
      { name: 'source', source: { from: 'constant', value: source } },
      { name: 'type', source: { from: 'event_type' } },
      { name: 'time', source: { from: 'time', of: 'occurred', as: 'iso_milliseconds' } },
      { name: 'subject', source: { from: 'subject', absent: 'omit' } },
      { name: 'datacontenttype', source: { from: 'constant', value: 'application/json' } },
      { name: 'data', source: { from: 'data' } },
    ],
  },
  contentType: 'application/cloudevents+json',
};

/** CloudEvents 1.0, binary mode: the data is the body, the rest stands in headers, which are signed with it. */
export const cloudEventsInHeaders: Dialect = {
  ...standard,
  name: 'cloudevents-binary',
  envelope: { from: 'data' },
  headers: [
    { name: 'ce-specversion', value: '1.0' },
    { name: 'ce-id', value: '{eventId}' },
    { name: 'ce-source', value: source },
    { name: 'ce-type', value: '{eventType}' },
    { name: 'ce-time', value: '{occurred}' },
    { name: 'ce-subject', value: '{subject}' },
  ],
  signature: cloudEventsBinary,
};
