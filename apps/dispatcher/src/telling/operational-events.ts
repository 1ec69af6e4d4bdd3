import type { DeliveryRecord, EndpointState } from '@bellwire/contracts';
import { isOperational, operationalTypes, type Clock, type OperationalType } from '@bellwire/domain';
import type { NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import { disabledFrom } from '../rules/failing.ts';
import type { DeadLetter } from '../writing/records.ts';
import { makeTellTenant } from './tell-tenant.ts';

export interface OperationalEventsDeps {
  view: Pick<RegistryView, 'endpoint' | 'endpointsOf'>;
  clock: Clock;
  /** How long an endpoint may fail before it is disabled, in milliseconds; 0: for ever, and it is never warned of. */
  disableAfterMs: number;
}

/** Since when, and how often in a row, the attempts of an endpoint have failed. */
export interface FailingStreak {
  readonly sinceMs: number;
  /** When its tenant was told; 0: not yet. */
  readonly warnedAtMs: number;
  readonly failures: number;
}

/** Why the dispatcher disables an endpoint: it answered 410, or it failed for too long. */
export type DisableReason = 'gone' | 'failing';

type Headers = Readonly<Record<string, string>>;

const iso = (ms: number): string => new Date(ms).toISOString();

const ofEndpoint = ({ tenantId, endpoint }: EndpointState) => ({ tenantId, subject: endpoint?.subject });

/**
 * Events that tell a tenant about its own endpoints and deliveries (docs/operational-events.md): the records to append,
 * none where no endpoint of the tenant asks for them. Nothing is told of deliveries of operational events, so that telling
 * never leads to more telling.
 */
export const makeOperationalEvents = ({ view, clock, disableAfterMs }: OperationalEventsDeps) => {
  const tell = makeTellTenant({ view, clock });

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
    endpointFailing: (state: EndpointState, streak: FailingStreak): NewRecord[] =>
      tell({
        ...ofEndpoint(state),
        type: operationalTypes.endpointFailing,
        key: `endpoint_failing/${state.endpoint?.id}/${streak.sinceMs}`,
        data: {
          endpoint_id: state.endpoint?.id,
          failing_since: iso(streak.sinceMs),
          failed_attempts: streak.failures,
          will_be_disabled_at: iso(disabledFrom(streak, { disableAfterMs })),
        },
      }),

    /** @param state as it was before, still enabled */
    endpointDisabled: (state: EndpointState, reason: DisableReason, streak?: FailingStreak): NewRecord[] =>
      tell({
        ...ofEndpoint(state),
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
