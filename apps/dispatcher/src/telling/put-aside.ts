import { DeliveryRecord, EventRecord } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { topicNames, type NewRecord, type PutAside } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import { openFanOut } from '../planning/fan-out-records.ts';
import { deadLetterRecord, transitionRecord } from '../writing/records.ts';
import type { OperationalEvents } from './operational-events.ts';

export interface TellOfPutAsideDeps {
  view: Pick<RegistryView, 'endpointsOf' | 'position'>;
  events: Pick<OperationalEvents, 'deadLettered'>;
  clock: Clock;
}

/** The plan that is made first counts (audit): the one that says that there is none is dated after all others. */
const afterAllMs = Date.UTC(9999, 11, 31);

/**
 * What history and the tenant are told of a record that was put aside, so that nothing stays pending for ever: a delivery is
 * a dead letter with reason `quarantined`, and a person can ask for it again; an event has a fan-out without deliveries
 * that counts the tenant's endpoints as `quarantined`, until it is brought back and planned after all.
 */
export const makeTellOfPutAside = ({ view, events, clock }: TellOfPutAsideDeps) => {
  const ofEvent = (bytes: Uint8Array, headers: Readonly<Record<string, string>>): NewRecord[] => {
    const event = EventRecord.decode(bytes);
    const fanOut = openFanOut(event, { registryPosition: view.position(), plannedAtMs: afterAllMs }, headers);
    for (const { endpoint } of view.endpointsOf(event.tenantId)) fanOut.exclude(endpoint?.id ?? '', 'quarantined');
    return [fanOut.end()];
  };

  const ofDelivery = (bytes: Uint8Array, error: unknown, headers: Readonly<Record<string, string>>): NewRecord[] => {
    const delivery = DeliveryRecord.decode(bytes);
    // An order to cancel one is no delivery.
    if (delivery.cancel) return [];
    const facts = { reason: 'quarantined', attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
    const message = error instanceof Error ? error.message : String(error);
    return [
      deadLetterRecord(delivery, { ...facts, error: message }, headers),
      transitionRecord(delivery, { ...facts, status: 'dead_lettered' }, headers),
      ...events.deadLettered(delivery, facts, headers),
    ];
  };

  return ({ record, error }: PutAside): NewRecord[] => {
    const { topic, value, headers } = record;
    if (value === null) return [];
    return topic === topicNames.events ? ofEvent(value, headers) : ofDelivery(value, error, headers);
  };
};
