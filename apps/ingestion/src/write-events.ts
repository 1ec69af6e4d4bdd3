import { context, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { Fault, toFault } from '@bellwire/errors';
import { topicNames, traceHeaders, type NewRecord } from '@bellwire/messaging';
import { eventRecordOf } from './event-record.ts';
import { repeatOf, type Accepted, type IdentifiedEvent } from './identify-events.ts';
import type { KeyedMemory } from './keyed-memory.ts';
import type { LogMarker } from './mark-on-log.ts';
import type { Clock, Produce } from './ports.ts';

export interface WriteEventsDeps {
  clock: Clock;
  memory: KeyedMemory;
  /** Told of keyed events that the log has acknowledged. */
  marker: Pick<LogMarker, 'mark'>;
  produce: Produce;
}

/**
 * Hands the events to the producer before it returns, so that the order of calls is the order on the log; resolves when
 * the log has them. What this process has written already is not written again, and what it is just writing is waited for.
 * Rejects as the producer does: then none of the events may be taken for accepted.
 */
export type WriteEvents = (
  tenantId: string,
  candidates: readonly (IdentifiedEvent | Accepted)[],
) => Promise<readonly Accepted[]>;

const startSpan = (tenantId: string): Span =>
  trace.getTracer('bellwire').startSpan(`send ${topicNames.events}`, {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topicNames.events,
      'webhook.tenant.id': tenantId,
    },
  });

export const makeWriteEvents = ({ clock, memory, marker, produce }: WriteEventsDeps): WriteEvents => {
  /** The answer where this process has the event in hand already. */
  const known = ({ reservation }: IdentifiedEvent, nowMs: number): Accepted | Promise<Accepted> | undefined => {
    if (reservation === undefined) return undefined;
    const state = memory.stateOf(reservation, nowMs);
    if (state.kind === 'unknown') return undefined;
    const answer = repeatOf(state.event, reservation.bodyHash);
    return state.kind === 'on_log' || answer instanceof Fault ? answer : state.written.then(() => answer, toFault);
  };

  const send = async (records: readonly NewRecord[], span: Span): Promise<void> => {
    span.setAttribute('messaging.batch.message_count', records.length);
    try {
      await produce(records);
    } catch (error) {
      span.setAttribute('error.type', toFault(error).reason);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };

  return async (tenantId, candidates) => {
    const nowMs = clock.now();
    const { promise: written, resolve, reject } = Promise.withResolvers<void>();
    // Awaited below where there is something to write.
    written.catch(() => undefined);
    const fresh: IdentifiedEvent[] = [];
    const answers = candidates.map((candidate): Accepted | Promise<Accepted> => {
      if (!('event' in candidate)) return candidate;
      const answer = known(candidate, nowMs);
      if (answer !== undefined) return answer;
      const { eventId, reservation, duplicate } = candidate;
      if (reservation !== undefined) memory.writing(reservation, written);
      fresh.push(candidate);
      return { eventId, duplicate };
    });
    if (fresh.length > 0) {
      const span = startSpan(tenantId);
      const headers = traceHeaders(trace.setSpan(context.active(), span));
      send(
        fresh.map((one) => eventRecordOf(tenantId, one, headers)),
        span,
      ).then(resolve, reject);
      await written;
      marker.mark(fresh.flatMap(({ reservation }) => reservation ?? []));
    }
    return await Promise.all(answers.map((answer) => Promise.resolve(answer)));
  };
};
