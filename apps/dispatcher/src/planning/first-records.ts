import { toProto, type DeliveryRecord, type PlannedDelivery } from '@bellwire/contracts';
import type { NewRecord } from '@bellwire/messaging';
import type { OperationalEvents } from '../telling/operational-events.ts';
import { deadLetterRecord, hasRoomToGrow, toDeliveries, type DeadLetter } from '../writing/records.ts';

/** A delivery as the fan-out record names it, and the records that it begins, or ends, with. */
export interface PlannedRecords {
  readonly planned: PlannedDelivery;
  readonly records: readonly NewRecord[];
}

type Headers = Readonly<Record<string, string>>;
type Events = Pick<OperationalEvents, 'deadLettered'>;

const named = ({ deliveryId, endpointId, endpointSubject }: DeliveryRecord) => ({
  deliveryId,
  endpointId,
  endpointSubject,
});

/** A dead letter, without a body, before any attempt. */
export const stillborn = (
  delivery: DeliveryRecord,
  { reason, error }: Required<Pick<DeadLetter, 'reason' | 'error'>>,
  events: Events,
  headers: Headers,
): PlannedRecords => {
  const letter = { reason, atMs: delivery.roundStartedAtMs, attemptCount: 0, error };
  return {
    planned: { ...named(delivery), status: toProto.status.dead_lettered, reason },
    records: [
      deadLetterRecord({ ...delivery, body: Buffer.alloc(0) }, letter, headers),
      ...events.deadLettered(delivery, letter, headers),
    ],
  };
};

/** A new delivery; a dead letter where it is larger than one record of the log. */
export const begun = (delivery: DeliveryRecord, events: Events, headers: Headers): PlannedRecords => {
  const record = toDeliveries(delivery, headers);
  if (hasRoomToGrow(record)) {
    return { planned: { ...named(delivery), status: toProto.status.pending, reason: '' }, records: [record] };
  }
  const error = `the body of ${delivery.body.length} bytes is larger than one record of the log`;
  return stillborn(delivery, { reason: 'too_large', error }, events, headers);
};
