import { EventRecord, type DeliveryRecord, type EndpointState } from '@bellwire/contracts';
import { isOperational, keyedEventId, operationalTypes, type Clock, type OperationalType } from '@bellwire/domain';
import { compileEventTypes } from '@bellwire/filtering';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { DeadLetter } from './records.ts';

export interface OperationalEventsDeps {
  view: Pick<RegistryView, 'endpoint' | 'endpointsOf'>;
  clock: Clock;
  /** How long an endpoint may fail before it is disabled, in milliseconds; 0: for ever. */
  disableAfterMs: number;
}

/** Since when, and how often in a row, the attempts of an endpoint have failed. */
export interface FailingStreak {
  readonly sinceMs: number;
  readonly failures: number;
}

/** Why the dispatcher disables an endpoint: it answered 410, or it failed for too long. */
export type DisableReason = 'gone' | 'failing';

type Headers = Readonly<Record<string, string>>;

/** Whom an operational event is about, and what it says. */
interface Telling {
  type: OperationalType;
  tenantId: string;
  /** Of the endpoint that it is about: endpoints of other subjects do not get it. */
  subject: string | undefined;
  /** The same for each repeat of the same thing: the event id derives from it. */
  key: string;
  data: object;
  headers?: Headers;
}

/**
 * Publishers' idempotency keys have no control characters, so none of them gives the id of an operational event.
 */
const eventIdOf = (tenantId: string, key: string): string => keyedEventId(tenantId, `bellwire\n${key}`);

const iso = (ms: number): string => new Date(ms).toISOString();

/**
 * Events that tell a tenant about its own endpoints and deliveries (docs/operational-events.md): the records to append,
 * none where no endpoint of the tenant asks for them. Nothing is told of deliveries of operational events, so that telling
 * never leads to more telling. A repeat after a crash has the same event id.
 */
export const makeOperationalEvents = ({ view, clock, disableAfterMs }: OperationalEventsDeps) => {
  /** Who of a tenant asks for operational events. The view gives the same list until the tenant's endpoints change. */
  const subscribers = new WeakMap<
    readonly EndpointState[],
    readonly { subject: string | undefined; wantsType: (type: string) => boolean }[]
  >();

  const subscribersOf = (tenantId: string) => {
    const states = view.endpointsOf(tenantId);
    const known = subscribers.get(states);
    if (known !== undefined) return known;
    const made = states.flatMap(({ endpoint }) => {
      const patterns = endpoint?.eventTypes.filter(isOperational) ?? [];
      return patterns.length === 0 ? [] : [{ subject: endpoint?.subject, wantsType: compileEventTypes(patterns) }];
    });
    subscribers.set(states, made);
    return made;
  };

  const tell = ({ type, tenantId, subject, key, data, headers }: Telling): NewRecord[] => {
    const isWanted = subscribersOf(tenantId).some(
      (each) => each.wantsType(type) && (each.subject === undefined || each.subject === subject),
    );
    if (!isWanted) return [];
    const nowMs = clock.now();
    const eventId = eventIdOf(tenantId, key);
    const event = EventRecord.fromPartial({
      tenantId,
      eventId,
      type,
      data: JSON.stringify(data),
      subject,
      idempotencyKey: key,
      occurredAtMs: nowMs,
      acceptedAtMs: nowMs,
    });
    return [{ topic: topicNames.events, key: eventId, value: EventRecord.encode(event).finish(), headers }];
  };

  const tellOfEndpoint = ({ tenantId, endpoint }: EndpointState, about: Pick<Telling, 'type' | 'key' | 'data'>) =>
    tell({ ...about, tenantId, subject: endpoint?.subject });

  const tellOfDelivery = (
    delivery: DeliveryRecord,
    about: { type: OperationalType; name: string; data: object; headers: Headers },
  ): NewRecord[] => {
    if (isOperational(delivery.eventType)) return [];
    const { tenantId, deliveryId, endpointId, round } = delivery;
    return tell({
      type: about.type,
      tenantId,
      subject: view.endpoint(endpointId)?.endpoint?.subject,
      key: `${about.name}/${deliveryId}/${round}`,
      data: {
        delivery_id: deliveryId,
        endpoint_id: endpointId,
        event_id: delivery.eventId,
        event_type: delivery.eventType,
        accepted_at: iso(delivery.acceptedAtMs),
        round,
        ...about.data,
      },
      headers: about.headers,
    });
  };

  return {
    /** The endpoint has failed for a while and will be disabled if it goes on: told once for each time it fails. */
    endpointFailing: (state: EndpointState, { sinceMs, failures }: FailingStreak): NewRecord[] =>
      tellOfEndpoint(state, {
        type: operationalTypes.endpointFailing,
        key: `endpoint_failing/${state.endpoint?.id}/${sinceMs}`,
        data: {
          endpoint_id: state.endpoint?.id,
          failing_since: iso(sinceMs),
          failed_attempts: failures,
          will_be_disabled_at: disableAfterMs === 0 ? null : iso(sinceMs + disableAfterMs),
        },
      }),

    /** @param state as it was before, still enabled */
    endpointDisabled: (state: EndpointState, reason: DisableReason, streak?: FailingStreak): NewRecord[] =>
      tellOfEndpoint(state, {
        type: operationalTypes.endpointDisabled,
        key: `endpoint_disabled/${state.endpoint?.id}/${state.version}`,
        data: {
          endpoint_id: state.endpoint?.id,
          reason,
          disabled_at: iso(clock.now()),
          failing_since: streak === undefined ? null : iso(streak.sinceMs),
          failed_attempts: streak?.failures ?? null,
        },
      }),

    deadLettered: (delivery: DeliveryRecord, letter: DeadLetter, headers: Headers): NewRecord[] =>
      tellOfDelivery(delivery, {
        type: operationalTypes.deliveryDeadLettered,
        name: 'dead_lettered',
        data: {
          attempt_count: letter.attemptCount,
          reason: letter.reason,
          last_outcome: letter.last?.outcome ?? null,
          last_response_status: letter.last?.response?.status ?? null,
          dead_lettered_at: iso(letter.atMs),
        },
        headers,
      }),

    /** Told where the round that delivered was not the first: somebody had asked for it again. */
    recovered: (delivery: DeliveryRecord, headers: Headers): NewRecord[] =>
      delivery.round <= 1
        ? []
        : tellOfDelivery(delivery, {
            type: operationalTypes.deliveryRecovered,
            name: 'recovered',
            data: { attempt_count: delivery.attempt, delivered_at: iso(clock.now()) },
            headers,
          }),
  };
};

export type OperationalEvents = ReturnType<typeof makeOperationalEvents>;
