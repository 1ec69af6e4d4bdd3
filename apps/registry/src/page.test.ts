import { describe, expect, test } from '@jest/globals';
import { readPage } from './page.ts';

const names = Array.from({ length: 120 }, (_, index) => `n${String(index).padStart(3, '0')}`);
const page = (limit: number, cursor = '') =>
  readPage(
    'event-type',
    { limit, cursor },
    async ({ after, limit: count }) => names.filter((name) => name > after).slice(0, count),
    (name) => name,
  );

describe('pages', () => {
  test('follow each other without gap or repeat, and the last has no cursor', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { items, nextCursor } = await page(40, cursor);
      seen.push(...items);
      cursor = nextCursor;
    } while (cursor !== '');
    expect(seen).toEqual(names);
  });

  test('have 50 items by default', async () => {
    expect((await page(0)).items).toHaveLength(50);
  });

  test('refuse a limit over 100 and a cursor that is none', async () => {
    await expect(page(101)).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [{ path: 'limit' }] });
    const texts = [
      "a' or 1",
      "event-type/a' or 1",
      'event-type/',
      'order.paid',
      'endpoint/ep_1',
      '1700000000000.evt_1',
    ];
    for (const cursor of ['*', 'AAAA', ...texts.map((text) => Buffer.from(text).toString('base64url'))]) {
      await expect(page(1, cursor)).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [{ path: 'cursor' }] });
    }
  });
});
