import type { EventDocument } from './event-document.ts';

/**
 * How much one evaluation may take: terms of the filter times values in the data. A term costs some 0.1 µs per value of
 * a list it goes over (measured, sift 17.1), so this is about 0.2 s: nobody's list of 128,000 numbers under a filter of
 * 100 terms may hold up the router for longer. A filter of ten terms may meet 200,000 values.
 */
const maxWork = 2_000_000;

/** Objects, lists and what they hold. Not recursive: data may be nested deeper than the stack. */
const countValues = (data: unknown): number => {
  const open: unknown[] = [data];
  let count = 0;
  for (let value = open.pop(); open.length > 0 || value !== undefined; value = open.pop()) {
    count += 1;
    if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) open.push(item);
  }
  return count;
};

/** Events are counted once, however many endpoints look at them. */
const counted = new WeakMap<EventDocument, number>();

const valuesOf = (event: EventDocument): number => {
  const known = counted.get(event);
  if (known !== undefined) return known;
  const count = countValues(event.data);
  counted.set(event, count);
  return count;
};

/** Throws where a filter of so many terms would take too long over an event. */
export const assertWithinBudget = (terms: number, event: EventDocument): void => {
  if (terms * valuesOf(event) > maxWork) throw new Error('the data has too many values for a filter of this size');
};
