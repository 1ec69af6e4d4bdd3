import type { FaultKind } from './kinds.ts';

/** Every reason a caller can meet: its kind, a title, and what to do. docs/errors.md is made from this table. */
export const reasons = {
  INVALID_FIELD: ['invalid', 'A field breaks a rule', 'Mend the fields that are listed.'],
  PAYLOAD_TOO_LARGE: ['too_large', 'The data is over the size limit', 'Send less, or a link to it.'],
  RECORD_TOO_LARGE: ['too_large', 'It is larger than one record of the log may be', 'Send less.'],
  SCHEMA_VIOLATION: ['invalid', 'The data breaks the schema of its event type', 'Mend the fields that are listed.'],
  UNKNOWN_EVENT_TYPE: [
    'invalid',
    'The event type is not in the catalogue',
    'Create it first, or use one from GET /v1/event-types.',
  ],
  ARCHIVED_EVENT_TYPE: ['invalid', 'The event type is archived', 'Publish another type.'],
  INVALID_FILTER: ['invalid', 'The filter cannot be read', 'Mend the place that is named.'],
  INVALID_URL: ['invalid', 'The URL cannot receive webhooks', 'Use a public https URL.'],
  PAYLOAD_NOT_REPRESENTABLE: [
    'invalid',
    'Receivers of this dialect could not read or verify the data',
    'See docs/dialects.',
  ],
  MALFORMED_REQUEST: ['invalid', 'The request cannot be read', 'Send what the API description says.'],
  UNKNOWN_TENANT: ['invalid', 'There is no such tenant', 'Name an existing tenant in x-bellwire-tenant.'],
  MISSING_KEY: ['unauthenticated', 'No API key was sent', 'Send Authorization: Bearer <key>.'],
  UNKNOWN_KEY: ['unauthenticated', 'The API key is not known or was revoked', 'Use a valid key.'],
  MISSING_SCOPE: ['forbidden', 'The API key lacks a scope', 'Use a key that has the scope.'],
  SUBJECT_NEEDED: ['forbidden', 'The API key acts for no user', 'Give the key a subject.'],
  ADMIN_ONLY: ['forbidden', 'Only an admin key may do this', 'Use the admin key.'],
  NOT_FOUND: ['not_found', 'There is no such thing in this tenant', 'Check the id.'],
  ROUTE_NOT_FOUND: ['not_found', 'There is no such route', 'See /openapi.json.'],
  NOT_YET_RECORDED: ['not_found', 'Too young to be recorded', 'Ask again in a moment.'],
  ALREADY_EXISTS: ['exists', 'The name is taken', 'Read the existing one.'],
  IDEMPOTENCY_KEY_REUSED: [
    'exists',
    'The idempotency key was used with another body',
    'Use a new key for a new event.',
  ],
  LOST_RACE: ['conflict', 'Somebody else changed it first', 'Read it and try again.'],
  WRONG_STATE: ['precondition', 'Its state does not allow this', 'Change the state first.'],
  QUOTA_EXCEEDED: [
    'precondition',
    'The tenant has as many endpoints as it may',
    'Delete some, or have BELLWIRE_MAX_ENDPOINTS_PER_TENANT raised.',
  ],
  TEMPLATE_FAILED: [
    'precondition',
    'The payload template of the endpoint fails for this event',
    'Mend it: POST /v1/endpoints/preview-template shows what it makes.',
  ],
  RATE_LIMITED: ['exhausted', 'Too many calls', 'Wait as long as Retry-After says.'],
  OVERLOADED: ['exhausted', 'The service is full', 'Wait as long as Retry-After says, with fewer calls at once.'],
  LOG_UNAVAILABLE: ['unavailable', 'The log cannot be reached', 'Try again with the same idempotency key.'],
  DATABASE_UNAVAILABLE: ['unavailable', 'The database cannot be reached', 'Try again.'],
  RECORD_REFUSED: ['internal', 'The log takes no such record', 'Report it with the request id.'],
  SERVICE_UNAVAILABLE: ['unavailable', 'A service cannot be reached', 'Try again.'],
  CHECK_UNDER_WAY: ['unavailable', 'The check has not come to its end', 'Ask again in a moment.'],
  STOPPING: ['unavailable', 'The service is stopping', 'Try again.'],
  DEADLINE_PASSED: ['timeout', 'The deadline passed', 'Try again with the same idempotency key.'],
  CALLER_LEFT: ['cancelled', 'The caller left', 'Nothing.'],
  NOT_IMPLEMENTED: ['unimplemented', 'Not in this version', 'Nothing.'],
  INTERNAL: ['internal', 'A bug', 'Report it with the request id.'],
} as const satisfies Record<string, readonly [FaultKind, string, string]>;

/** UPPER_SNAKE, at most 63 characters, unique in the project (the rule of google.rpc.ErrorInfo). */
export type Reason = keyof typeof reasons;

export const isReason = (value: string): value is Reason => Object.hasOwn(reasons, value);
