import { context, isSpanContextValid, SpanKind, trace, type Context, type Span } from '@opentelemetry/api';
import { toProto, type Attempt, type DeliveryRecord } from '@bellwire/contracts';
import {
  newId,
  nextState,
  type AttemptOutcome,
  type Clock,
  type NextState,
  type Random,
  type Tier,
} from '@bellwire/domain';
import type { Logger } from '@bellwire/lifecycle';
import { contextOfHeaders, traceHeaders, type NewRecord } from '@bellwire/messaging';
import type { CompiledEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { OperationalEvents } from '../telling/operational-events.ts';
import type { Append, Send } from '../ports.ts';
import { attemptRecord, deadLetterRecord, identityOf, resultOf, toTier } from '../writing/records.ts';
import { signedRequest } from './signed-request.ts';

export interface AttemptDeliveryDeps {
  send: Send;
  append: Append;
  clock: Clock;
  /** By it a deadline passes. @default clock */
  expiryClock?: Clock;
  random: Random;
  tiers: readonly Tier[];
  log: Logger;
  events: Pick<OperationalEvents, 'deadLettered' | 'recovered'>;
  /** Told of an attempt that was made, when what follows from it is on the log. */
  onMade(delivery: DeliveryRecord, next: NextState, mayBeTwice: boolean): void;
  /** Told when a receiver answers 410. */
  onGone(endpoint: CompiledEndpoint): void;
}

export interface AttemptInput {
  delivery: DeliveryRecord;
  endpoint: CompiledEndpoint;
  /** Of the record: the context in which the event was accepted. They travel on unchanged. */
  headers: Readonly<Record<string, string>>;
  /** See Task. */
  mayBeTwice: boolean;
  /** Called when the request has ended, before its outcome is written down. */
  onEnded(result: AttemptOutcome): void;
}

/** The first attempt is a child of the event's trace; a later one is a trace of its own, linked to it. */
const startSpan = (delivery: DeliveryRecord, created: Context): Span => {
  const attributes = {
    'http.request.method': 'POST',
    'webhook.event.id': delivery.eventId,
    'webhook.delivery.id': delivery.deliveryId,
    'webhook.endpoint.id': delivery.endpointId,
    'webhook.tenant.id': delivery.tenantId,
    'webhook.attempt.number': delivery.attempt,
  };
  const tracer = trace.getTracer('bellwire');
  if (delivery.attempt === 1) return tracer.startSpan('POST', { kind: SpanKind.CLIENT, attributes }, created);
  const creation = trace.getSpanContext(created);
  const links = creation === undefined ? [] : [{ context: creation }];
  return tracer.startSpan('POST', { kind: SpanKind.CLIENT, attributes, links, root: true });
};

/** Of an attempt that waited for a slot of its endpoint's rate limit: statistics count those that have it. */
const slotTiming = ({ slotAtMs }: DeliveryRecord, startedAtMs: number): Attempt['timings'] =>
  slotAtMs > 0 ? { rate_limit_slot: startedAtMs - slotAtMs } : {};

const attemptFrom = (
  delivery: DeliveryRecord,
  result: AttemptOutcome,
  next: NextState,
  facts: { startedAtMs: number; traceId: string },
): Attempt => ({
  ...identityOf(delivery),
  attemptId: newId('atm', facts.startedAtMs),
  number: delivery.attempt,
  round: delivery.round,
  startedAtMs: facts.startedAtMs,
  ...resultOf(result),
  timings: { ...slotTiming(delivery, facts.startedAtMs), ...result.timings },
  traceId: facts.traceId,
  status: toProto.status[next.status],
  reason: next.reason,
  nextAttemptAtMs: next.status === 'retrying' ? next.dueAtMs : undefined,
  test: false,
});

/**
 * The heart: one HTTP request for a delivery, and what follows from it. Resolves when the next step (retry, dead letter
 * or nothing), the attempt and what the tenant is told are on the log; only then may the record be settled.
 */
export const makeAttemptDelivery = (deps: AttemptDeliveryDeps) => {
  const { send, append, clock, expiryClock = clock, random, tiers, log, events, onMade, onGone } = deps;

  const nextStep = (
    delivery: DeliveryRecord,
    next: NextState,
    result: AttemptOutcome,
    headers: AttemptInput['headers'],
  ): NewRecord[] => {
    const atMs = clock.now();
    if (next.status === 'retrying') {
      const { dueAtMs, reason: waitReason } = next;
      const attempt = delivery.attempt + 1;
      const retry = { ...delivery, attempt, dueAtMs, holdMs: 0, waitReason, spills: 0, slotAtMs: 0 };
      return [toTier(tiers, retry, atMs, headers)];
    }
    if (next.status === 'delivered') return events.recovered(delivery, headers);
    const letter = { reason: next.reason, atMs, attemptCount: delivery.attempt, last: result };
    return [deadLetterRecord(delivery, letter, headers), ...events.deadLettered(delivery, letter, headers)];
  };

  const logAttempt = (delivery: DeliveryRecord, result: AttemptOutcome, next: NextState): void => {
    const fields = {
      tenant_id: delivery.tenantId,
      event_id: delivery.eventId,
      delivery_id: delivery.deliveryId,
      endpoint_id: delivery.endpointId,
      attempt: delivery.attempt,
      round: delivery.round,
      outcome: result.outcome,
      response_status: result.response?.status,
      error: result.error,
      duration_ms: Math.round(result.durationMs),
      status: next.status,
      reason: next.reason,
      next_attempt_at: next.status === 'retrying' ? new Date(next.dueAtMs).toISOString() : undefined,
    };
    log[next.status === 'delivered' ? 'debug' : 'info'](fields, 'delivery.attempted');
  };

  return async ({ delivery: taken, endpoint, headers, mayBeTwice, onEnded }: AttemptInput): Promise<void> => {
    // An endpoint may have been given to somebody else since: what its receiver answers is no longer the former's to see.
    const delivery = { ...taken, endpointSubject: endpoint.subject };
    const startedAtMs = clock.now();
    const created = contextOfHeaders(headers);
    const span = startSpan(delivery, created);
    const result = await context.with(trace.setSpan(created, span), () =>
      send(signedRequest(endpoint, delivery, startedAtMs, traceHeaders())),
    );
    onEnded(result);
    const nowMs = clock.now();
    // As the clock on the wall has it, which may have been set forward.
    const deadlineAtMs = delivery.deadlineAtMs + nowMs - expiryClock.now();
    const next = nextState({ ...delivery, deadlineAtMs }, result, endpoint.policy, nowMs, random);
    const spanContext = span.spanContext();
    const facts = { startedAtMs, traceId: isSpanContextValid(spanContext) ? spanContext.traceId : '' };
    span.setAttribute('webhook.attempt.outcome', result.outcome);
    span.end();
    await append([
      ...nextStep(delivery, next, result, headers),
      attemptRecord(attemptFrom(delivery, result, next, facts), headers),
    ]);
    onMade(delivery, next, mayBeTwice);
    logAttempt(delivery, result, next);
    if (next.reason === 'endpoint_gone') onGone(endpoint);
  };
};

export type AttemptDelivery = ReturnType<typeof makeAttemptDelivery>;
