import { describe, expect, test } from '@jest/globals';
import { headerOf, makeHttpParser, type Request } from './http-parser.ts';

const bytes = Buffer.from(
  'POST /one HTTP/1.1\r\nhost: x\r\nContent-Length: 5\r\nwebhook-id: evt_1\r\n\r\nfirst' +
    'POST /two HTTP/1.1\r\ncontent-length: 6\r\nwebhook-id: evt_2\r\n\r\nsecond',
);

const parsed = (chunks: readonly Buffer[]): string[] => {
  const seen: string[] = [];
  const feed = makeHttpParser(({ path, head, body }: Request) => {
    seen.push(`${path} ${headerOf(head, 'webhook-id')} ${body.toString()}`);
  });
  for (const chunk of chunks) feed(chunk);
  return seen;
};

describe('the receiver reads', () => {
  const both = ['/one evt_1 first', '/two evt_2 second'];

  test('several requests that come at once', () => {
    expect(parsed([bytes])).toEqual(both);
  });

  test('requests that are cut anywhere', () => {
    for (let at = 1; at < bytes.length; at++) {
      expect(parsed([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(both);
    }
  });
});
