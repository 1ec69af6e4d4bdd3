import { invalidField } from '@bellwire/errors';
import type { Slice } from './store/schema.ts';

/** What a caller asks of a list. */
export interface PageRequest {
  /** 1 to 100; 0 is 50. */
  limit: number;
  /** As the page before gave it; empty: from the beginning. */
  cursor: string;
}

export interface Page<Item> {
  items: Item[];
  /** Empty on the last page. */
  nextCursor: string;
}

const afterOf = (cursor: string): string => {
  const after = Buffer.from(cursor, 'base64url').toString();
  if (cursor !== '' && !/^[\w.-]{1,128}$/.test(after)) throw invalidField('cursor', 'must come from the page before');
  return after;
};

/**
 * Reads one page in order of id.
 *
 * @param read one more is asked for than the page holds, to know whether another follows
 * @throws Fault INVALID_FIELD for limit and cursor
 */
export const readPage = async <Item>(
  { limit, cursor }: PageRequest,
  read: (slice: Slice) => Promise<readonly Item[]>,
  idOf: (item: Item) => string,
): Promise<Page<Item>> => {
  if (limit > 100) throw invalidField('limit', 'must be between 1 and 100');
  const size = limit === 0 ? 50 : limit;
  const found = await read({ after: afterOf(cursor), limit: size + 1 });
  const items = found.slice(0, size);
  const last = items.at(-1);
  const hasMore = found.length > size && last !== undefined;
  return { items, nextCursor: hasMore ? Buffer.from(idOf(last)).toString('base64url') : '' };
};
