import { EndpointStateRecord, type DeliveryRecord } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { topicNames, type Log, type LogRecord, type NewRecord, type TopicPartition } from '@bellwire/messaging';
import type { AttemptMemory } from '../attempts/attempt-memory.ts';
import { makeDeliveryMarks } from './delivery-marks.ts';
import type { EndpointControls } from './endpoint-controls.ts';
import type { Insist } from '../writing/insist.ts';
import type { Append } from '../ports.ts';

export interface EndpointStatesDeps {
  eventLog: Log;
  memory: AttemptMemory;
  controls: Pick<EndpointControls, 'recordOf' | 'learn'>;
  append: Append;
  insist: Insist;
  clock: Clock;
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
  /** Writes the endpoints that have changed since the last call: called once a second. */
  flush(): Promise<void>;
  /** Reads what the owner before us has written about the endpoints of a partition of `deliveries`. */
  prepare(partition: TopicPartition): Promise<void>;
}

/** Attempts of one endpoint; and how long they are of use. */
const marksPerEndpoint = 500;
const markLifeMs = 60 * 60 * 1000;

/** Cancelled rounds of one endpoint: kept as long as a record of theirs may wait. */
const endsPerEndpoint = 5000;

/** Resolves once every record before `end` was learned. */
const readUpTo = async (
  eventLog: Log,
  partition: number,
  end: number,
  learn: (record: LogRecord) => void,
): Promise<void> => {
  let isDone: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (isDone = resolve));
  const reached = (offset: number): void => {
    if (offset >= end) isDone();
  };
  const reader = await eventLog.read({
    topic: topicNames.endpointState,
    partition,
    fromOffset: 0,
    records: (batch) => {
      for (const record of batch) {
        learn(record);
        reached(record.offset + 1);
      }
    },
    reached,
  });
  await done;
  await reader.close();
};

/**
 * State of endpoints that must survive a restart or a move of their partition: how far their deliveries have come, so that
 * a record which comes again after it does nothing; and what of breaker, limits and failing is not at its default. A restart
 * loses at most the last second of it.
 */
export const makeEndpointStates = (deps: EndpointStatesDeps): EndpointStates => {
  const { eventLog, memory, controls, append, insist, clock } = deps;
  const made = makeDeliveryMarks({
    perEndpoint: marksPerEndpoint,
    isOver: ({ atMs }) => atMs < clock.now() - markLifeMs,
  });
  const ended = makeDeliveryMarks({
    perEndpoint: endsPerEndpoint,
    isOver: ({ cancelledUntilMs }) => cancelledUntilMs < clock.now(),
  });
  const changed = new Set<string>();
  const onWritten: (() => void)[] = [];

  const recordOf = (endpointId: string): NewRecord => {
    const marks = [...made.of(endpointId), ...ended.of(endpointId)];
    const control = controls.recordOf(endpointId);
    const state = { endpointId, marks, ...control };
    const isDefault = marks.length === 0 && control === undefined;
    const value = isDefault ? null : EndpointStateRecord.encode(EndpointStateRecord.fromPartial(state)).finish();
    return { topic: topicNames.endpointState, key: endpointId, value };
  };

  const learn = ({ key: endpointId, value }: LogRecord): void => {
    if (value === null) return controls.learn(endpointId, undefined);
    const record = EndpointStateRecord.decode(value);
    controls.learn(endpointId, record);
    for (const mark of record.marks) {
      if (mark.cancelledUntilMs > 0) {
        ended.remember(endpointId, mark);
        memory.learnEnd(mark);
      } else {
        made.remember(endpointId, mark);
        memory.learn(mark);
      }
    }
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
    flush: async () => {
      if (changed.size === 0) return;
      const endpoints = [...changed];
      changed.clear();
      const waiting = onWritten.splice(0);
      await append(endpoints.map(recordOf));
      for (const resolve of waiting) resolve();
    },
    prepare: ({ partition }) =>
      insist('endpoint state', async () => {
        const end = (await eventLog.endOffsets(topicNames.endpointState))[partition] ?? 0;
        if (end > 0) await readUpTo(eventLog, partition, end, learn);
      }),
  };
};
