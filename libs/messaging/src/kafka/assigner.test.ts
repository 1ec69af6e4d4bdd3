import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readClaim } from './assigner.ts';

test('a claim that cannot be read is one of nothing', () => {
  const nothing = { owned: {}, claimedAtMs: 0 };
  for (const text of ['', 'x', 'null', '[]', '{}', '{"owned":1,"claimedAtMs":2}', '{"owned":{},"claimedAtMs":"2"}'])
    expect(readClaim(Buffer.from(text))).toEqual(nothing);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void readClaim(Buffer.from(bytes))));
  expect(readClaim(Buffer.from('{"owned":{"t":[0,2],"u":["x"]},"claimedAtMs":5}'))).toEqual({
    owned: { t: [0, 2] },
    claimedAtMs: 5,
  });
});
