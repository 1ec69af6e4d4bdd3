import { AuditRecord, type EventRecord, type FanOut, type PlannedDelivery } from '@bellwire/contracts';
import { topicNames, type NewRecord } from '@bellwire/messaging';

/** How many of the endpoints that are not owed an event its fan-out record names; the others are only counted. */
const namedExclusions = 100;

/** Of the deliveries in one record: far below the limit of one, and some 1,500 of them. */
const recordBytes = 128 * 1024;

const sizeOf = ({ deliveryId, endpointId, reason, endpointSubject = '' }: PlannedDelivery): number =>
  deliveryId.length + endpointId.length + reason.length + endpointSubject.length * 3 + 12;

/**
 * Who matched an event, and why others did not, as it becomes known. Many deliveries are told of in several records, each
 * with some of them; the last also says what was excluded, and that the event is planned.
 */
export const openFanOut = (
  { tenantId, eventId, acceptedAtMs, type: eventType, subject }: EventRecord,
  { registryPosition, plannedAtMs }: Pick<FanOut, 'registryPosition' | 'plannedAtMs'>,
  headers: Readonly<Record<string, string>>,
) => {
  const excludedCounts: Record<string, number> = {};
  const excluded: FanOut['excluded'] = [];
  let planned: PlannedDelivery[] = [];
  let bytes = 0;

  const recordOf = (rest: Pick<FanOut, 'excludedCounts' | 'excluded' | 'isPart'>): NewRecord => {
    const value = {
      tenantId,
      eventId,
      acceptedAtMs,
      eventType,
      subject,
      planned,
      registryPosition,
      plannedAtMs,
      ...rest,
    };
    planned = [];
    bytes = 0;
    return {
      topic: topicNames.audit,
      value: AuditRecord.encode({ record: { $case: 'fanOut', value } }).finish(),
      headers,
    };
  };

  return {
    exclude: (endpointId: string, reason: string): void => {
      excludedCounts[reason] = (excludedCounts[reason] ?? 0) + 1;
      if (excluded.length < namedExclusions) excluded.push({ endpointId, reason });
    },
    /** The record of this one and of those before it, where they fill one. */
    plan: (one: PlannedDelivery): NewRecord | undefined => {
      planned.push(one);
      bytes += sizeOf(one);
      return bytes < recordBytes ? undefined : recordOf({ excludedCounts: {}, excluded: [], isPart: true });
    },
    /** The last record: nothing is told after it. */
    end: (): NewRecord => recordOf({ excludedCounts, excluded, isPart: false }),
  };
};

export type OpenFanOut = ReturnType<typeof openFanOut>;
