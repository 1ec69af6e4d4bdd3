import { EndpointStateRecord, type DeliveryMark, type DeliveryRecord } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { topicNames, type Log, type NewRecord, type TopicPartition } from '@bellwire/messaging';
import type { AttemptMemory } from './attempt-memory.ts';
import type { Insist } from './insist.ts';
import type { Append } from './ports.ts';

export interface EndpointStatesDeps {
  eventLog: Log;
  memory: AttemptMemory;
  append: Append;
  insist: Insist;
  clock: Clock;
}

export interface EndpointStates {
  /** An attempt was made that did not deliver, or that was not the first: its number must survive a move. */
  note(delivery: DeliveryRecord): void;
  /** Writes the endpoints that have changed since the last call: called once a second. */
  flush(): Promise<void>;
  /** Reads what the owner before us has written about the endpoints of a partition of `deliveries`. */
  prepare(partition: TopicPartition): Promise<void>;
}

/** Marks kept for one endpoint, the oldest forgotten first; and how long they are of use. */
const marksPerEndpoint = 500;
const markLifeMs = 60 * 60 * 1000;

/**
 * State of endpoints that must survive a restart or a move of their partition: how far their deliveries have come, so that
 * a record which comes again after it does nothing. A restart loses at most the last second of it.
 */
export const makeEndpointStates = ({ eventLog, memory, append, insist, clock }: EndpointStatesDeps): EndpointStates => {
  const marksOf = new Map<string, Map<string, DeliveryMark>>();
  const changed = new Set<string>();

  const remember = (endpointId: string, mark: DeliveryMark): void => {
    const marks = marksOf.get(endpointId) ?? new Map<string, DeliveryMark>();
    marksOf.set(endpointId, marks);
    marks.delete(mark.deliveryId);
    marks.set(mark.deliveryId, mark);
    const [oldest] = marks.keys();
    if (marks.size > marksPerEndpoint && oldest !== undefined) marks.delete(oldest);
  };

  const recordOf = (endpointId: string): NewRecord => {
    const marks = marksOf.get(endpointId) ?? new Map<string, DeliveryMark>();
    const oldest = clock.now() - markLifeMs;
    for (const [deliveryId, { atMs }] of marks) if (atMs < oldest) marks.delete(deliveryId);
    if (marks.size === 0) marksOf.delete(endpointId);
    const value =
      marks.size === 0
        ? null
        : EndpointStateRecord.encode(
            EndpointStateRecord.fromPartial({ endpointId, marks: [...marks.values()] }),
          ).finish();
    return { topic: topicNames.endpointState, key: endpointId, value };
  };

  const learn = (value: Uint8Array | null): void => {
    if (value === null) return;
    const { endpointId, marks } = EndpointStateRecord.decode(value);
    for (const mark of marks) {
      remember(endpointId, mark);
      memory.learn(mark);
    }
  };

  const readUpTo = async (partition: number, end: number): Promise<void> => {
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
        for (const { value, offset } of batch) {
          learn(value);
          reached(offset + 1);
        }
      },
      reached,
    });
    await done;
    await reader.close();
  };

  return {
    note: ({ endpointId, deliveryId, round, attempt }) => {
      remember(endpointId, { deliveryId, round, attempt, atMs: clock.now() });
      changed.add(endpointId);
    },
    flush: async () => {
      if (changed.size === 0) return;
      const endpoints = [...changed];
      changed.clear();
      await append(endpoints.map(recordOf));
    },
    prepare: ({ partition }) =>
      insist('endpoint state', async () => {
        const end = (await eventLog.endOffsets(topicNames.endpointState))[partition] ?? 0;
        if (end > 0) await readUpTo(partition, end);
      }),
  };
};
