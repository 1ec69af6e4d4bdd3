import { EventRecord, type EndpointState } from '@bellwire/contracts';
import { isOperational, keyedEventId, type Clock, type OperationalType } from '@bellwire/domain';
import { compileEventTypes } from '@bellwire/filtering';
import { topicNames, type NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';

/** Whom an operational event is about, and what it says. */
export interface Telling {
  type: OperationalType;
  tenantId: string;
  /** Of the endpoint that it is about: endpoints of other subjects do not get it. */
  subject: string | undefined;
  /** The same for each repeat of the same thing: the event id derives from it. */
  key: string;
  data: object;
  headers?: Readonly<Record<string, string>>;
}

interface Subscriber {
  subject: string | undefined;
  wantsType(type: string): boolean;
}

/** Publishers' idempotency keys have no control characters, so none of them gives the id of an operational event. */
const eventIdOf = (tenantId: string, key: string): string => keyedEventId(tenantId, `bellwire\n${key}`);

const subscribersAmong = (states: readonly EndpointState[]): readonly Subscriber[] =>
  states.flatMap(({ endpoint }) => {
    const patterns = endpoint?.eventTypes.filter(isOperational) ?? [];
    return patterns.length === 0 ? [] : [{ subject: endpoint?.subject, wantsType: compileEventTypes(patterns) }];
  });

/**
 * The record of an operational event, or none where no endpoint of the tenant asks for it. A repeat after a crash has the
 * same event id.
 */
export const makeTellTenant = ({ view, clock }: { view: Pick<RegistryView, 'endpointsOf'>; clock: Clock }) => {
  /** The view gives the same list until the tenant's endpoints change. */
  const known = new WeakMap<readonly EndpointState[], readonly Subscriber[]>();

  const subscribersOf = (tenantId: string): readonly Subscriber[] => {
    const states = view.endpointsOf(tenantId);
    const subscribers = known.get(states) ?? subscribersAmong(states);
    known.set(states, subscribers);
    return subscribers;
  };

  return ({ type, tenantId, subject, key, data, headers }: Telling): NewRecord[] => {
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
};
