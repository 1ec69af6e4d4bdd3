import { describe, expect, test } from '@jest/globals';
import { settleUp } from './ledger.ts';

const published = (id: string | undefined, startedAtMs: number) => ({
  id,
  type: 'order.paid',
  startedAtMs,
  answeredAtMs: startedAtMs + 2,
});
const arrival = (id: string, path: string, atMs: number) => ({ id, path, atMs });

describe('the ledger', () => {
  test('counts what was accepted and never came as lost', () => {
    const ledger = settleUp([published('a', 0), published('b', 1)], [arrival('a', '/1', 5)], () => ['/1']);
    expect(ledger).toMatchObject({ accepted: 2, deliveries: 1, lost: 1, duplicates: 0, latenciesMs: [5] });
  });

  test('counts what came again as a duplicate, and measures its first arrival', () => {
    const ledger = settleUp([published('a', 0)], [arrival('a', '/1', 5), arrival('a', '/1', 9)], () => ['/1']);
    expect(ledger).toMatchObject({ deliveries: 1, lost: 0, duplicates: 1, latenciesMs: [5], lastArrivalMs: 5 });
  });

  test('expects each event once at each endpoint that counts, and nothing of others', () => {
    const arrivals = [arrival('a', '/1', 5), arrival('a', '/2', 6), arrival('a', '/slow', 7), arrival('x', '/1', 8)];
    expect(settleUp([published('a', 0)], arrivals, () => ['/1', '/2'])).toMatchObject({
      deliveries: 2,
      lost: 0,
      duplicates: 0,
    });
  });

  test('expects an event only where its type goes', () => {
    const events = [published('a', 0), { ...published('b', 0), type: 'order.other' }];
    const pathsOf = (type: string): string[] => (type === 'order.paid' ? ['/1'] : []);
    expect(settleUp(events, [arrival('a', '/1', 5)], pathsOf)).toMatchObject({ accepted: 1, deliveries: 1, lost: 0 });
  });

  test('owes nothing for what was refused', () => {
    expect(settleUp([published(undefined, 0)], [], () => ['/1'])).toMatchObject({ accepted: 0, refused: 1, lost: 0 });
  });
});
