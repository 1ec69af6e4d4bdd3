import { AuditBatch, AuditRecord, DeliveryRecord, EventRecord, fromProto } from '@bellwire/contracts';
import { topicNames, type NewRecord, type Position } from '@bellwire/messaging';

const describeHistory = (value: Uint8Array): string =>
  AuditBatch.decode(value)
    .entries.map((entry) => AuditRecord.decode(entry.record).record)
    .map((record) => {
      if (record?.$case === 'attempt') {
        const { deliveryId, round, number, status } = record.value;
        return `attempt ${deliveryId} ${round}/${number} ${fromProto.status(status)}`;
      }
      if (record?.$case === 'transition') {
        const { deliveryId, round, status, reason } = record.value;
        return `${deliveryId} ${round} ${fromProto.status(status)} ${reason}`;
      }
      return record?.$case === 'fanOut' ? `fan-out ${record.value.eventId} of ${record.value.planned.length}` : '?';
    })
    .join(', ');

const describeReadable = ({ topic, key = '', value }: NewRecord): string => {
  if (value === null) return `${key} nothing`;
  if (topic === topicNames.events) return EventRecord.decode(value).eventId;
  if (topic === topicNames.audit) return `(${describeHistory(value)})`;
  if (topic !== topicNames.deliveries && !topic.startsWith(topicNames.retries(''))) return key;
  const { deliveryId, round, attempt, spills, waitReason, cancel } = DeliveryRecord.decode(value);
  return `${deliveryId} ${round}/${attempt} spills ${spills} ${waitReason}${cancel ? ' cancel' : ''}`;
};

const describe = (record: NewRecord): string => {
  try {
    return describeReadable(record);
  } catch {
    return 'undecodable';
  }
};

/** Records as a line of the trace. */
export const describeRecords = (records: readonly NewRecord[], positions: readonly Position[]): string =>
  records
    .map((record, at) => {
      const position = positions[at];
      return `${record.topic}/${position?.partition ?? 0}@${position?.offset ?? 0} ${describe(record)}`;
    })
    .join('; ');
