// tenant: whose endpoints and events are kept apart. endpoint: a URL of a tenant with types, filter, secrets, policy.
// event: one thing that happened, immutable. delivery: one event owed to one endpoint.
// attempt: one HTTP request for a delivery, counted from 1. round: a delivery's life up to a terminal state.
// retry: automatic. redelivery: asked for by a person. dead letter: a delivery that will not be tried again by itself.
export { openExpiryClock, type ClockStep, type ExpiryClockOptions } from './expiry-clock.ts';
export { timerMs, type Clock, type Random, type Stopwatch } from './clock.ts';
export { newId, keyedEventId, deliveryIdOf, deliveryIdTime, type IdPrefix } from './ids.ts';
export {
  deliveryStatuses,
  isDeliveryStatus,
  isTerminal,
  statusRank,
  type DeliveryReason,
  type DeliveryStatus,
} from './delivery.ts';
export { isTransientStatus, type AttemptOutcome, type Outcome } from './attempt.ts';
export {
  deadlineOf,
  nextState,
  type NextState,
  type RetryOn,
  type RetryPolicy,
  type RoundPosition,
} from './retry-policy.ts';
export { leavesTierAt, parseTiers, roughTierFor, tierFor, type Tier } from './tiers.ts';
export { isEventTypeName } from './event-type.ts';
export { isTimeZone, timeZoneNamed } from './time-zone.ts';
export { JsonRuleBroken, minifyJson, type MinifiedJson } from './minify-json.ts';
export { isOperational, operationalPrefix, operationalTypes, type OperationalType } from './operational-event.ts';
export {
  actingFor,
  isScope,
  requireAdmin,
  tenantScopes,
  type Acting,
  type Principal,
  type Scope,
} from './principal.ts';
