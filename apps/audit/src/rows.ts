import type { DeliveryStatus, Outcome } from '@bellwire/domain';
import type { Day } from './days.ts';

// What is written, one type per table. Times are milliseconds since 1970, JSON is text.

/** What the event itself says of it. */
export interface EventContent {
  data: string;
  occurredAtMs: number;
  orderingKey: string | undefined;
  idempotencyKey: string | undefined;
  actionUrls: string;
}

/** What its fan-out says of it. */
export interface EventPlan {
  plannedAtMs: number;
  registryPosition: number;
  excludedCounts: string;
  excluded: string;
}

export interface EventRow {
  day: Day;
  id: string;
  tenantId: string;
  type: string;
  subject: string | undefined;
  acceptedAtMs: number;
  content: EventContent | undefined;
  plan: EventPlan | undefined;
}

export interface DeliveryRow {
  day: Day;
  id: string;
  tenantId: string;
  endpointId: string;
  eventId: string;
  eventType: string;
  subject: string | undefined;
  /** Of the endpoint, in that state: who may see the delivery, beside the tenant. */
  endpointSubject: string | undefined;
  acceptedAtMs: number;
  isTest: boolean;
  status: DeliveryStatus;
  reason: string;
  round: number;
  nextAttemptAtMs: number | undefined;
  completedAtMs: number | undefined;
  /** Compares states; see delivery-state.ts. */
  stateOrder: string;
  /** The greatest attempt number seen. */
  attemptCount: number;
}

export interface AttemptRow {
  day: Day;
  id: string;
  tenantId: string;
  deliveryId: string;
  endpointId: string;
  number: number;
  round: number;
  startedAtMs: number;
  durationMs: number;
  outcome: Outcome | undefined;
  responseStatus: number | undefined;
  responseHeaders: string;
  responseBody: string | undefined;
  error: string | undefined;
  timings: string;
  traceId: string;
  status: DeliveryStatus;
  reason: string;
  nextAttemptAtMs: number | undefined;
  isTest: boolean;
}

/** The id is the delivery's. */
export interface DeadLetterRow {
  day: Day;
  id: string;
  tenantId: string;
  round: number;
  reason: string;
  attemptCount: number;
  deadLetteredAtMs: number;
  lastOutcome: Outcome | undefined;
  lastResponseStatus: number | undefined;
  lastError: string | undefined;
}

export interface UnreadableRow {
  topic: string;
  partition: number;
  offset: number;
  value: Uint8Array;
  error: string;
  foundAtMs: number;
  /** undecodable, failed or crashed. */
  kind: string;
  consumerGroup: string;
  failures: number;
}

/** Everything of a partition below `nextOffset` is recorded: what the log took up to `recordedUntilMs`. */
export interface ProgressRow {
  topic: string;
  partition: number;
  nextOffset: number;
  recordedUntilMs: number;
}

/** What one transaction writes; no two rows of a table have the same key. */
export interface Rows {
  events: readonly EventRow[];
  deliveries: readonly DeliveryRow[];
  attempts: readonly AttemptRow[];
  deadLetters: readonly DeadLetterRow[];
  unreadable: readonly UnreadableRow[];
  progress: readonly ProgressRow[];
}

/** Postgres text holds every character but NUL; receivers may answer with it. */
export const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\uFFFD') : text);

export const storableIfAny = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : storable(text);
