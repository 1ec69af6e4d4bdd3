import { DeliveryRecord, EventRecord } from '@bellwire/contracts';
import { groupNames, readUnsettled, topicNames, type Log, type LogRecord } from '@bellwire/messaging';
import type { WantedIds } from './wanted-ids.ts';

export interface SeeLiveRecordsDeps {
  eventLog: Pick<Log, 'commits' | 'endOffsets' | 'read'>;
  /** Names of the delay tiers. */
  tiers: readonly string[];
}

/** A record that cannot be read is nobody's: the worker makes a dead letter of it. */
const see = (wanted: WantedIds, { topic, value }: LogRecord): void => {
  if (value === null) return;
  try {
    if (topic === topicNames.events) return wanted.see(EventRecord.decode(value).eventId, 1);
    const { deliveryId, round } = DeliveryRecord.decode(value);
    wanted.see(deliveryId, round);
  } catch {
    return;
  }
};

/**
 * Sees which of the wanted ids have a live record: one that the router, the deliverer or the delayer has not settled, be it
 * waiting or in hand. A record of an older round is none: it does nothing.
 *
 * @returns how many records were read
 * @throws Fault LOG_UNAVAILABLE
 */
export const makeSeeLiveRecords =
  ({ eventLog, tiers }: SeeLiveRecordsDeps) =>
  (wanted: WantedIds, signal: AbortSignal): Promise<number> =>
    readUnsettled({
      log: eventLog,
      topicsOf: {
        [groupNames.router]: [topicNames.events],
        [groupNames.deliverer]: [topicNames.deliveries],
        [groupNames.delayer]: tiers.map(topicNames.retries),
      },
      take: (record) => see(wanted, record),
      signal,
    });
