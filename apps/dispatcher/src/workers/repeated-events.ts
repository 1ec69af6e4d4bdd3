import type { EventRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import { LRUCache } from 'lru-cache';

type EventTask = Pick<Task<EventRecord>, 'value' | 'settle' | 'release' | 'fail'>;

/** Keyed events that the log holds more than once: their publishers asked again before ingestion knew that it has them. */
export interface RepeatedEvents {
  /** False for a repeat: it is settled, now or with the first one, which is routed at this moment. */
  isFirst(task: EventTask): boolean;
  /** What follows from the event is on the log: settles it, and its repeats. */
  written(task: EventTask): void;
  /** The first one is not routed here after all: releases it, and its repeats. */
  released(task: EventTask): void;
  /** A bug: it fails, and so do its repeats. The next of them to come is the first again. */
  failed(task: EventTask, error: unknown): void;
}

const rememberedEvents = 100_000;

/** An event is named by its id and its acceptance: a key that is used again after its time makes another event of the same id. */
const nameOf = ({ eventId, acceptedAtMs }: EventRecord): string => `${eventId} ${acceptedAtMs}`;

/**
 * Tells repeats by what was written, never by what was merely begun. What is forgotten is routed again, under the same
 * delivery ids.
 */
export const makeRepeatedEvents = (onRepeat: () => void): RepeatedEvents => {
  const known = new LRUCache<string, true>({ max: rememberedEvents });
  /** Repeats of events that are being routed. */
  const underWay = new Map<string, EventTask[]>();

  /** It is under way no more. */
  const withRepeats = (task: EventTask): EventTask[] => {
    if (task.value.idempotencyKey === undefined) return [task];
    const name = nameOf(task.value);
    const repeats = underWay.get(name) ?? [];
    underWay.delete(name);
    return [task, ...repeats];
  };

  return {
    isFirst: (task) => {
      if (task.value.idempotencyKey === undefined) return true;
      const name = nameOf(task.value);
      const repeats = underWay.get(name);
      if (repeats === undefined && !known.has(name)) {
        underWay.set(name, []);
        return true;
      }
      if (repeats === undefined) task.settle();
      else repeats.push(task);
      onRepeat();
      return false;
    },
    written: (task) => {
      task.settle();
      if (task.value.idempotencyKey === undefined) return;
      const name = nameOf(task.value);
      known.set(name, true);
      for (const repeat of underWay.get(name) ?? []) repeat.settle();
      underWay.delete(name);
    },
    released: (task) => withRepeats(task).forEach((each) => each.release()),
    failed: (task, error) => withRepeats(task).forEach((each) => each.fail(error)),
  };
};
