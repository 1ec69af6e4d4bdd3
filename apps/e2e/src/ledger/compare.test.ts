import { describe, expect, test } from '@jest/globals';
import { compareLedgers, type Findings } from './compare.ts';
import { hashOf, openIntents } from './intents.ts';
import { openReceipts, type Receipt } from './receipts.ts';
import type { RecordedDelivery } from './recorded.ts';

const data = { n: 1 };
const taken: Receipt = {
  endpoint: 0,
  eventId: 'evt_1',
  atMs: 1000,
  bodyHash: 'body',
  dataHash: hashOf(JSON.stringify(data)),
  signature: 'good',
  status: 200,
};
const delivered: RecordedDelivery = {
  id: 'dlv_1',
  eventId: 'evt_1',
  endpointId: 'ep_0',
  status: 'delivered',
  reason: null,
  outcomes: ['delivered'],
};

/** One event, acknowledged as evt_1, for one endpoint. */
const compared = (came: readonly Receipt[], recorded: readonly RecordedDelivery[]): Findings => {
  const intents = openIntents();
  intents.intend(data);
  intents.acknowledge(data, 'evt_1');
  const receipts = openReceipts();
  for (const receipt of came) receipts.note(receipt);
  return compareLedgers({ intents, receipts, recorded, endpointIds: ['ep_0'] });
};

/** How many of each kind, those of which there are none left out. */
const counts = (findings: Findings): Record<string, number> =>
  Object.fromEntries(
    Object.entries(findings)
      .map(([kind, found]): [string, number] => [kind, found.length])
      .filter(([, count]) => count > 0),
  );

describe('three ledgers', () => {
  test('that agree have no findings', () => {
    expect(counts(compared([taken], [delivered]))).toEqual({});
    const failed = { ...taken, status: 503, atMs: 900 };
    expect(counts(compared([failed, taken], [{ ...delivered, outcomes: ['rejected', 'delivered'] }]))).toEqual({});
  });

  test('a delivery that never came and waits for ever is lost and unended', () => {
    expect(counts(compared([], [{ ...delivered, status: 'pending', outcomes: [] }]))).toEqual({ lost: 1, unended: 1 });
  });

  test('an accepted event that audit has never heard of is lost and unended', () => {
    const { lost } = compared([], []);
    expect(lost).toEqual(['endpoint 0 ep_0 event evt_1: audit does not have it']);
    expect(counts(compared([], []))).toEqual({ lost: 1, unended: 1 });
  });

  test('one that came and that audit shows as waiting is unended, and its request unlogged', () => {
    expect(counts(compared([taken], [{ ...delivered, status: 'retrying', outcomes: [] }]))).toEqual({
      unended: 1,
      unlogged: 1,
    });
  });

  test('one that audit calls delivered and that never came is silent, and lost', () => {
    const refused = { ...taken, status: 503 };
    const hung = { ...taken, status: undefined };
    for (const came of [[], [refused], [hung]]) {
      expect(counts(compared(came, [delivered]))).toEqual({ lost: 1, silent: 1 });
    }
  });

  test('one that ended as a dead letter is undelivered, and not lost', () => {
    const dead = { ...delivered, status: 'dead_lettered', reason: 'attempts_exhausted' };
    expect(counts(compared([{ ...taken, status: 503 }], [dead]))).toEqual({ undelivered: 1 });
  });

  test('one that came twice is a duplicate, and its second request is unlogged where audit has one attempt', () => {
    expect(counts(compared([taken, taken], [delivered]))).toEqual({ duplicates: 1, unlogged: 1 });
    const both = { ...delivered, outcomes: ['delivered', 'delivered'] };
    expect(counts(compared([taken, taken], [both]))).toEqual({ duplicates: 1 });
  });

  test('one whose answer came too late is told apart, but not where the time-out was that of another request', () => {
    const again = { ...delivered, outcomes: ['timed_out', 'delivered'] };
    expect(counts(compared([taken, taken], [again]))).toEqual({ late: 1 });
    const hung = { ...taken, status: undefined };
    expect(counts(compared([hung, taken, taken], [again]))).toEqual({ duplicates: 1, unlogged: 1 });
    expect(counts(compared([hung, taken], [again]))).toEqual({});
  });

  test('a request of an event that nobody meant is a phantom', () => {
    const other = { ...taken, eventId: 'evt_9', dataHash: hashOf('{"n":9}') };
    expect(counts(compared([taken, other], [delivered]))).toEqual({ phantom: 1, unlogged: 1 });
  });

  test('an event whose publish was not acknowledged may come: it is no phantom', () => {
    const intents = openIntents();
    intents.intend(data);
    const receipts = openReceipts();
    receipts.note(taken);
    const found = compareLedgers({ intents, receipts, recorded: [delivered], endpointIds: ['ep_0'] });
    expect(counts(found)).toEqual({});
  });

  test('one event under two ids is told, whether an acknowledgment or a request names the second', () => {
    const twin = { ...delivered, id: 'dlv_2', eventId: 'evt_2' };
    const came = compared([taken, { ...taken, eventId: 'evt_2' }], [delivered, twin]);
    expect(came.twins).toEqual(['evt_1 evt_2']);

    const intents = openIntents();
    intents.acknowledge(data, 'evt_1');
    intents.acknowledge(data, 'evt_2');
    const named = compareLedgers({ intents, receipts: openReceipts(), recorded: [], endpointIds: [] });
    expect(counts(named)).toEqual({ twins: 1 });
  });

  test('other data than was published, and other bytes the second time, are mismatches', () => {
    expect(counts(compared([{ ...taken, dataHash: hashOf('{"n":2}') }], [delivered]))).toEqual({ mismatched: 1 });
    const first = { ...taken, status: 503 };
    const both = { ...delivered, outcomes: ['rejected', 'delivered'] };
    expect(counts(compared([first, { ...taken, bodyHash: 'other' }], [both]))).toEqual({ mismatched: 1 });
  });

  test('signatures that do not hold, and those of another time, are told apart', () => {
    expect(counts(compared([{ ...taken, signature: 'bad' }], [delivered]))).toEqual({ badSignatures: 1 });
    expect(counts(compared([{ ...taken, signature: 'skewed' }], [delivered]))).toEqual({ skewed: 1 });
  });
});
