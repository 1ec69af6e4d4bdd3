import type { EventRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import { LRUCache } from 'lru-cache';

type EventTask = Pick<Task<EventRecord>, 'value' | 'settle' | 'release'>;

/** Keyed events that the log holds more than once: their publishers asked again before ingestion knew that it has them. */
export interface RepeatedEvents {
  /** False for a repeat: it is settled, now or with the first one, which is routed at this moment. */
  isFirst(task: EventTask): boolean;
  /** What follows from the event is on the log: settles it, and its repeats. */
  written(task: EventTask): void;
  /** The first one is not routed here after all: releases it, and its repeats. */
  released(task: EventTask): void;
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
    released: (task) => {
      task.release();
      if (task.value.idempotencyKey === undefined) return;
      const name = nameOf(task.value);
      for (const repeat of underWay.get(name) ?? []) repeat.release();
      underWay.delete(name);
    },
  };
};
