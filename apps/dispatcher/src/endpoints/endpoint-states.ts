import type { DeliveryRecord } from '@bellwire/contracts';
import {
  partitionOf,
  topicNames,
  type Log,
  type LogRecord,
  type NewRecord,
  type TopicPartition,
} from '@bellwire/messaging';
import type { Insist } from '../writing/insist.ts';
import { openKnownStates, type KnownStatesDeps } from './known-states.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { readPartition } from './read-partition.ts';
import { openReadsAndWrites } from './reads-and-writes.ts';

export interface EndpointStatesDeps extends KnownStatesDeps {
  eventLog: Pick<Log, 'read' | 'endOffsets'>;
  /** One try to write: rejects where the log did not take all of it. */
  produce(records: readonly NewRecord[]): Promise<void>;
  /** The partition of `deliveries` is ours, or we hand it over still: else nothing is written of its endpoints. */
  owns(partition: TopicPartition): boolean;
  insist: Insist;
  /** Told of a record that cannot be read: it is passed over, and the endpoint begins at its default. */
  onUnreadable(record: LogRecord, error: unknown): void;
}

/** How far a delivery has come. */
type Step = Pick<DeliveryRecord, 'endpointId' | 'deliveryId' | 'round' | 'attempt'>;

export interface EndpointStates {
  /** An attempt was made that did not deliver, or that was not the first: its number must survive a move. */
  note(step: Step): void;
  /** Its breaker, limits or failing have changed. */
  changed(endpointId: string): void;
  /** A round was cancelled after this attempt: resolves when that survives a move too. */
  noteEnd(step: Step, untilMs: number): Promise<void>;
  /** Writes the endpoints that have changed since the last call, one write at a time: called once a second. */
  flush(): Promise<void>;
  /** Reads what the owner before us has written about the endpoints of a partition of `deliveries`. */
  prepare(partition: TopicPartition): Promise<void>;
  /** The partition is somebody else's: nothing of its endpoints is written any more. */
  forget(partition: TopicPartition): void;
}

/** So often it is looked whether what was written is over. */
const reviewMs = 60_000;

/**
 * State of endpoints that must survive a restart or a move of their partition: how far their deliveries have come, so that
 * a record which comes again after it does nothing; and what of breaker, limits and failing is not at its default. A crash
 * loses at most the last second of it; a stop and a move lose nothing.
 */
export const makeEndpointStates = (deps: EndpointStatesDeps): EndpointStates => {
  const { eventLog, produce, owns, insist, clock, onUnreadable } = deps;
  const known = openKnownStates(deps);
  /** Until it is known there is one. */
  let partitions = 1;
  const partitionOfEndpoint = (endpointId: string): TopicPartition => ({
    topic: topicNames.deliveries,
    partition: partitionOf(endpointId, partitions),
  });
  const changed = new Set<string>();
  /** Of which the log has something that is not the default: it is removed when it is over. */
  const written = new Set<string>();
  let onWritten: (() => void)[] = [];
  let reviewedAtMs = clock.now();
  const turns = openReadsAndWrites();

  const review = (): void => {
    const nowMs = clock.now();
    if (Math.abs(nowMs - reviewedAtMs) < reviewMs) return;
    reviewedAtMs = nowMs;
    for (const endpointId of written) if (known.valueOf(endpointId) === null) changed.add(endpointId);
  };

  /** As it is at the moment of the write, also where the write is tried again. */
  const writeOnce = async (endpointIds: readonly string[]): Promise<void> => {
    const values = endpointIds
      .filter((id) => owns(partitionOfEndpoint(id)))
      .map((endpointId) => ({ endpointId, value: known.valueOf(endpointId) }));
    if (values.length === 0) return;
    await produce(values.map(({ endpointId, value }) => ({ topic: topicNames.endpointState, key: endpointId, value })));
    for (const { endpointId, value } of values)
      if (value === null) written.delete(endpointId);
      else written.add(endpointId);
  };

  const flushOnce = async (): Promise<void> => {
    review();
    if (changed.size === 0 && onWritten.length === 0) return;
    const endpointIds = [...changed];
    changed.clear();
    const waiting = onWritten;
    onWritten = [];
    await insist('endpoint state', () => turns.write(() => writeOnce(endpointIds)));
    for (const resolve of waiting) resolve();
  };

  const learnReadable = (record: LogRecord): void => {
    try {
      if (known.learn(record)) written.add(record.key);
      else written.delete(record.key);
    } catch (error) {
      onUnreadable(record, error);
    }
  };

  const readOnce = async ({ partition }: TopicPartition): Promise<void> => {
    await turns.written();
    const ends = await eventLog.endOffsets(topicNames.endpointState);
    partitions = ends.length;
    const { [partition]: end = 0 } = ends;
    if (end > 0) await readPartition(eventLog, { topic: topicNames.endpointState, partition, end }, learnReadable);
  };

  return {
    note: ({ endpointId, deliveryId, round, attempt }) => {
      known.remember(endpointId, { deliveryId, round, attempt, atMs: clock.now(), cancelledUntilMs: 0 });
      changed.add(endpointId);
    },
    noteEnd: ({ endpointId, deliveryId, round, attempt }, untilMs) => {
      known.remember(endpointId, { deliveryId, round, attempt, atMs: clock.now(), cancelledUntilMs: untilMs });
      changed.add(endpointId);
      return new Promise((resolve) => onWritten.push(resolve));
    },
    changed: (endpointId) => void changed.add(endpointId),
    flush: oneAtATime(flushOnce),
    prepare: (partition) => turns.read(() => insist('endpoint state', () => readOnce(partition))),
    forget: ({ partition }) => {
      const isMeant = (endpointId: string): boolean => partitionOf(endpointId, partitions) === partition;
      known.forget(isMeant);
      for (const ids of [changed, written]) for (const id of ids) if (isMeant(id)) ids.delete(id);
    },
  };
};
