import {
  AuditBatch,
  AuditRecord,
  DeadLetterRecord,
  DeliveryRecord,
  EventRecord,
  fromProto,
  type UnreadableRecord,
} from '@bellwire/contracts';
import { topicNames, type NewRecord, type Position } from '@bellwire/messaging';
import { groupOf } from './committed-records.ts';
import type { DeliveriesLedger } from './deliveries-ledger.ts';
import type { EventsLedger } from './events-ledger.ts';
import type { Tracked } from './lines.ts';
import type { Violations } from './violations.ts';

export interface LogReaderDeps {
  events: EventsLedger;
  deliveries: DeliveriesLedger;
  /** Gets the names of records that are kept in dead-letters. */
  unreadable: Set<string>;
  violations: Violations;
  /** How many processes, or memberships of them, have ended so far. */
  deaths(): number;
}

/** So many processes that had a record in hand have ended when it is put aside. */
const leastDeaths = 3;

export const recordName = ({ topic, partition, offset }: Pick<Position, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}/${partition}@${offset}`;

/** What the records on the log tell the ledgers. */
export const makeLogReader = ({ events, deliveries, unreadable, violations, deaths }: LogReaderDeps) => {
  const decoded = (by: string, { topic, value }: NewRecord, partition: number): Tracked['of'] => {
    try {
      if (value === null) return 'undecodable';
      if (topic === topicNames.events) return events.written(by, EventRecord.decode(value), partition);
      return deliveries.written(by, topic, DeliveryRecord.decode(value));
    } catch {
      return 'undecodable';
    }
  };

  const readHistory = (by: string, value: Uint8Array): void => {
    for (const entry of AuditBatch.decode(value).entries) {
      const { record } = AuditRecord.decode(entry.record);
      if (record?.$case === 'attempt') deliveries.attempted(by, record.value);
      else if (record?.$case === 'transition') deliveries.changed(by, record.value);
      else if (record?.$case === 'fanOut') {
        const pending = record.value.planned.filter(({ status }) => fromProto.status(status) === 'pending');
        events.fannedOut(
          record.value,
          pending.map(({ deliveryId }) => deliveryId),
        );
      }
    }
  };

  const readPutAside = (letter: UnreadableRecord): void => {
    let event: EventRecord;
    try {
      event = EventRecord.decode(letter.value);
    } catch {
      return;
    }
    events.putAside(event);
    if (deaths() < leastDeaths) violations.add('put_aside', `${recordName(letter)} after ${deaths()} deaths`);
  };

  const readLetter = (value: Uint8Array): void => {
    const { letter } = DeadLetterRecord.decode(value);
    if (letter?.$case !== 'unreadable') return;
    unreadable.add(recordName(letter.value));
    if (letter.value.topic === topicNames.events) readPutAside(letter.value);
  };

  return {
    tracked: (by: string, record: NewRecord, { partition, offset }: Position): Tracked => ({
      topic: record.topic,
      partition,
      offset,
      of: decoded(by, record, partition),
      isSettled: false,
    }),
    /** What no group settles. */
    read(by: string, { topic, value }: NewRecord): void {
      if (value === null) return;
      if (topic === topicNames.audit) readHistory(by, value);
      else if (topic === topicNames.deadLetters) readLetter(value);
    },
    /** What these are about may be repeated. */
    disturb(records: readonly NewRecord[]): void {
      for (const { topic, value } of records) {
        if (value === null) continue;
        if (topic === topicNames.events) events.disturb(EventRecord.decode(value).eventId);
        else if (groupOf(topic) !== undefined) {
          const { deliveryId, eventId } = DeliveryRecord.decode(value);
          const line = deliveries.find(deliveryId);
          if (line !== undefined) line.isDisturbed = true;
          else events.disturb(eventId);
        }
      }
    },
  };
};
