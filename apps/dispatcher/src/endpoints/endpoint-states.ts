import { EndpointStateRecord, type DeliveryRecord } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { topicNames, type Log, type LogRecord, type NewRecord, type TopicPartition } from '@bellwire/messaging';
import type { AttemptMemory } from '../attempts/attempt-memory.ts';
import type { Insist } from '../writing/insist.ts';
import { makeDeliveryMarks } from './delivery-marks.ts';
import type { EndpointControls } from './endpoint-controls.ts';
import { openOwnedEndpoints } from './owned-endpoints.ts';
import { readPartition } from './read-partition.ts';

export interface EndpointStatesDeps {
  eventLog: Pick<Log, 'read' | 'endOffsets'>;
  memory: Pick<AttemptMemory, 'made' | 'end'>;
  controls: Pick<EndpointControls, 'recordOf' | 'learn' | 'forget'>;
  /** One try to write: rejects where the log did not take all of it. */
  produce(records: readonly NewRecord[]): Promise<void>;
  insist: Insist;
  clock: Clock;
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

/** Attempts of one endpoint; and how long they are of use. */
const marksPerEndpoint = 500;
const markLifeMs = 60 * 60 * 1000;

/** Cancelled rounds of one endpoint: kept as long as a record of theirs may wait. */
const endsPerEndpoint = 5000;

/** So often it is looked whether what was written is over. */
const reviewMs = 60_000;

/**
 * State of endpoints that must survive a restart or a move of their partition: how far their deliveries have come, so that
 * a record which comes again after it does nothing; and what of breaker, limits and failing is not at its default. A crash
 * loses at most the last second of it; a stop and a move lose nothing.
 */
export const makeEndpointStates = (deps: EndpointStatesDeps): EndpointStates => {
  const { eventLog, memory, controls, produce, insist, clock, onUnreadable } = deps;
  const made = makeDeliveryMarks({
    perEndpoint: marksPerEndpoint,
    isOver: ({ atMs }) => atMs < clock.now() - markLifeMs,
  });
  const ended = makeDeliveryMarks({
    perEndpoint: endsPerEndpoint,
    isOver: ({ cancelledUntilMs }) => cancelledUntilMs < clock.now(),
  });
  const ours = openOwnedEndpoints();
  const changed = new Set<string>();
  /** Of which the log has something that is not the default: it is removed when it is over. */
  const written = new Set<string>();
  let onWritten: (() => void)[] = [];
  let reviewedAtMs = clock.now();
  let flushing: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const valueOf = (endpointId: string): Uint8Array | null => {
    const marks = [...made.of(endpointId), ...ended.of(endpointId)];
    const control = controls.recordOf(endpointId);
    if (marks.length === 0 && control === undefined) return null;
    return EndpointStateRecord.encode(EndpointStateRecord.fromPartial({ endpointId, marks, ...control })).finish();
  };

  const review = (): void => {
    const nowMs = clock.now();
    if (Math.abs(nowMs - reviewedAtMs) < reviewMs) return;
    reviewedAtMs = nowMs;
    for (const endpointId of written) if (valueOf(endpointId) === null) changed.add(endpointId);
  };

  /** As it is at the moment of the write, also where the write is tried again. */
  const writeOnce = async (endpointIds: readonly string[]): Promise<void> => {
    const values = endpointIds.filter(ours.has).map((endpointId) => ({ endpointId, value: valueOf(endpointId) }));
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
    await insist('endpoint state', () => writeOnce(endpointIds));
    for (const resolve of waiting) resolve();
  };

  const startFlush = (): Promise<void> => (flushing = flushOnce().finally(() => (flushing = undefined)));

  const flush = (): Promise<void> => {
    if (flushing === undefined) return startFlush();
    // What has changed since the write that is under way began is in the next.
    next ??= flushing
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return startFlush();
      });
    return next;
  };

  const learn = (logRecord: LogRecord): void => {
    const { key: endpointId, value } = logRecord;
    written.delete(endpointId);
    if (value === null) return controls.learn(endpointId, undefined);
    const record = EndpointStateRecord.decode(value);
    written.add(endpointId);
    controls.learn(endpointId, record);
    for (const mark of record.marks) {
      (mark.cancelledUntilMs > 0 ? ended : made).remember(endpointId, mark);
      if (mark.cancelledUntilMs > 0) memory.end(mark);
      else memory.made(mark);
    }
  };

  const learnReadable = (record: LogRecord): void => {
    try {
      learn(record);
    } catch (error) {
      onUnreadable(record, error);
    }
  };

  const forgetAllOf = (partition: number): void => {
    const isMeant = ours.isOf(partition);
    controls.forget(isMeant);
    for (const marks of [made, ended]) marks.forget(isMeant);
    for (const ids of [changed, written]) for (const id of ids) if (isMeant(id)) ids.delete(id);
  };

  return {
    note: ({ endpointId, deliveryId, round, attempt }) => {
      made.remember(endpointId, { deliveryId, round, attempt, atMs: clock.now(), cancelledUntilMs: 0 });
      changed.add(endpointId);
    },
    noteEnd: ({ endpointId, deliveryId, round, attempt }, untilMs) => {
      ended.remember(endpointId, { deliveryId, round, attempt, atMs: clock.now(), cancelledUntilMs: untilMs });
      changed.add(endpointId);
      return new Promise((resolve) => onWritten.push(resolve));
    },
    changed: (endpointId) => void changed.add(endpointId),
    flush,
    prepare: ({ partition }) => {
      const isNew = !ours.isOwned(partition);
      ours.add(partition);
      return insist('endpoint state', async () => {
        const ends = await eventLog.endOffsets(topicNames.endpointState);
        ours.setPartitions(ends.length);
        if (isNew) forgetAllOf(partition);
        const { [partition]: end = 0 } = ends;
        if (end > 0) await readPartition(eventLog, { topic: topicNames.endpointState, partition, end }, learnReadable);
      });
    },
    forget: ({ partition }) => {
      ours.remove(partition);
      if (!ours.isOwned(partition)) forgetAllOf(partition);
    },
  };
};
