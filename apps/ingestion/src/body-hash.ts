import { createHash } from 'node:crypto';
import type { CheckedEvent } from './check-event.ts';

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

/**
 * What makes two uses of an idempotency key the same event: SHA-256, in lower hex, of all that the publisher said
 * beside the key. Whitespace in the data and the order of the action URLs do not count; the spelling of numbers and the
 * order of keys do, because they are delivered as they are.
 */
export const bodyHashOf = (event: CheckedEvent): string => {
  const { type, data, subject, orderingKey, occurredAtMs, actionUrls } = event;
  const said = [type, data.text, subject ?? null, orderingKey ?? null, occurredAtMs ?? null];
  const urls = Object.entries(actionUrls).toSorted(byName);
  return createHash('sha256')
    .update(JSON.stringify([said, urls]))
    .digest('hex');
};
