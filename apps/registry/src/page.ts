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

/** What a list is of: the cursor of one is none of another, however much their ids look alike. */
export type Listed = 'tenant' | 'api-key' | 'event-type' | 'endpoint';

const cursorOf = (listed: Listed, id: string): string => Buffer.from(`${listed}/${id}`).toString('base64url');

const afterOf = (listed: Listed, cursor: string): string => {
  if (cursor === '') return '';
  const [, of, id] = /^([a-z-]+)\/([\w.-]{1,128})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (of !== listed || id === undefined) throw invalidField('cursor', 'must come from the page before');
  return id;
};

/**
 * Reads one page in order of id.
 *
 * @param read one more is asked for than the page holds, to know whether another follows
 * @throws Fault INVALID_FIELD for limit and cursor
 */
export const readPage = async <Item>(
  listed: Listed,
  { limit, cursor }: PageRequest,
  read: (slice: Slice) => Promise<readonly Item[]>,
  idOf: (item: Item) => string,
): Promise<Page<Item>> => {
  if (limit > 100) throw invalidField('limit', 'must be between 1 and 100');
  const size = limit === 0 ? 50 : limit;
  const found = await read({ after: afterOf(listed, cursor), limit: size + 1 });
  const items = found.slice(0, size);
  const last = items.at(-1);
  const hasMore = found.length > size && last !== undefined;
  return { items, nextCursor: hasMore ? cursorOf(listed, idOf(last)) : '' };
};
