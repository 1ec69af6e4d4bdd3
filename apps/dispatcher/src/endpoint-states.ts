import { EndpointStateRecord, type DeliveryRecord } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { topicNames, type Log, type LogRecord, type NewRecord, type TopicPartition } from '@bellwire/messaging';
import type { AttemptMemory } from './attempt-memory.ts';
import { makeDeliveryMarks } from './delivery-marks.ts';
import type { Insist } from './insist.ts';
import type { Append } from './ports.ts';

export interface EndpointStatesDeps {
  eventLog: Log;
  memory: AttemptMemory;
  append: Append;
  insist: Insist;
  clock: Clock;
}

/** How far a delivery has come. */
type Step = Pick<DeliveryRecord, 'endpointId' | 'deliveryId' | 'round' | 'attempt'>;

export interface EndpointStates {
  /** An attempt was made that did not deliver, or that was not the first: its number must survive a move. */
  note(step: Step): void;
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
 * a record which comes again after it does nothing. A restart loses at most the last second of it.
 */
export const makeEndpointStates = ({ eventLog, memory, append, insist, clock }: EndpointStatesDeps): EndpointStates => {
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
    const value =
      marks.length === 0
        ? null
        : EndpointStateRecord.encode(EndpointStateRecord.fromPartial({ endpointId, marks })).finish();
    return { topic: topicNames.endpointState, key: endpointId, value };
  };

  const learn = ({ value }: LogRecord): void => {
    if (value === null) return;
    const { endpointId, marks } = EndpointStateRecord.decode(value);
    for (const mark of marks) {
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
