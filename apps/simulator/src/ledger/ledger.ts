import { topicNames, type NewRecord, type Position, type SimulatedLog, type TopicPartition } from '@bellwire/messaging';
import { openClocks, type Clocks } from './clocks.ts';
import { groupOf, openCommittedRecords } from './committed-records.ts';
import { openDeliveriesLedger, type DeliveriesLedger } from './deliveries-ledger.ts';
import { openEventsLedger, type EventsLedger } from './events-ledger.ts';
import { openKeysLedger, type KeysLedger } from './keys-ledger.ts';
import { makeEnding } from './ending.ts';
import type { Tracked } from './lines.ts';
import { makeLogReader, recordName } from './log-reader.ts';
import { lostBy } from './lost.ts';
import { openOwnerships, partitionName } from './ownerships.ts';
import { makeStateRules } from './state-rules.ts';
import { openViolations, type Violations } from './violations.ts';

/** Sees everything that is written and committed, and says at once where a promise is broken. */
export interface Ledger {
  events: EventsLedger;
  keys: KeysLedger;
  deliveries: DeliveriesLedger;
  clocks: Clocks;
  violations: Violations;
  appended(by: string, records: readonly NewRecord[], positions: readonly Position[]): void;
  /** The group has committed something. */
  committed(group: string): void;
  /** The process has heard that the partition is its own, or that it is not any more. */
  gained(process: string, partition: TopicPartition): void;
  lost(process: string, partition: TopicPartition, lastMs: number): void;
  /** The group gives the partition to a member: what was under way may be repeated, unless it was handed over. */
  moved(partition: TopicPartition): void;
  /** Nothing of it is under way at its former owner: its next one repeats nothing. */
  handedOver(partition: TopicPartition): void;
  /** The process may repeat whatever of its partitions is not committed. */
  disturb(process: string): void;
  /** A write of these may be repeated. */
  disturbRecords(records: readonly NewRecord[]): void;
  /** Everything that was accepted has come to its end, and all of it is committed. */
  isFinished(): boolean;
  /** What has not. */
  unfinished(): string[];
}

export interface LedgerDeps {
  log: SimulatedLog;
  nowMs: () => number;
  partitions: number;
}

export const openLedger = ({ log, nowMs, partitions }: LedgerDeps): Ledger => {
  const violations = openViolations();
  const clocks = openClocks();
  const ownerships = openOwnerships(nowMs);
  const keys = openKeysLedger();
  const events = openEventsLedger(violations, keys);
  const deliveries = openDeliveriesLedger({
    violations,
    clocks,
    ownerships,
    partitions,
    nowMs,
    isEventDisturbed: events.isDisturbed,
  });
  const stateRules = makeStateRules({ violations, partitions, find: deliveries.find });
  const live = new Set<Tracked>();
  const unreadable = new Set<string>();
  const handedOver = new Set<string>();
  let deaths = 0;

  const reader = makeLogReader({ events, deliveries, unreadable, violations, deaths: () => deaths });

  const records = openCommittedRecords({
    violations,
    onSettled(tracked) {
      live.delete(tracked);
      if (tracked.of !== 'undecodable') ('line' in tracked.of ? tracked.of.line : tracked.of).live.delete(tracked);
      const lost = lostBy(tracked, { deliveries, unreadable });
      if (lost !== undefined) violations.add('lost', `${recordName(tracked)} is committed: ${lost}`);
    },
  });

  const track = (by: string, record: NewRecord, position: Position): void => {
    const tracked = reader.tracked(by, record, position);
    if (tracked.of !== 'undecodable') ('line' in tracked.of ? tracked.of.line : tracked.of).live.add(tracked);
    live.add(tracked);
    records.track(tracked);
  };

  const disturbPartitions = (names: ReadonlySet<string>): void => {
    for (const tracked of live) {
      if (tracked.of === 'undecodable' || !names.has(partitionName(tracked))) continue;
      if ('line' in tracked.of) tracked.of.line.isDisturbed = true;
      else events.disturb(tracked.of.eventId);
    }
  };

  return {
    events,
    keys,
    deliveries,
    clocks,
    violations,
    appended(by, written, positions) {
      for (const [at, record] of written.entries()) {
        const position = positions[at];
        if (position !== undefined && groupOf(record.topic) !== undefined) track(by, record, position);
        else reader.read(by, record);
      }
      // A mark may be written with what it tells of.
      for (const record of written) if (record.topic === topicNames.endpointState) stateRules.check(by, record);
    },
    committed: (group) => records.update(group, log.committed(group)),
    gained: ownerships.gained,
    lost(process, partition, lastMs) {
      ownerships.lost(process, partition, lastMs);
      if (partition.topic === topicNames.deliveries) stateRules.forget(process, partition.partition);
    },
    moved(partition) {
      const name = partitionName(partition);
      if (!handedOver.delete(name)) disturbPartitions(new Set([name]));
      if (partition.topic === topicNames.events) events.moved(partition.partition);
    },
    handedOver: (partition) => void handedOver.add(partitionName(partition)),
    disturb(process) {
      deaths++;
      disturbPartitions(ownerships.of(process));
      keys.ended(process);
    },
    disturbRecords: reader.disturb,
    ...makeEnding({ deliveries, events, records }),
  };
};
