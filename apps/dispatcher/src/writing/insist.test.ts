import { expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { pino } from 'pino';
import { makeInsist } from './insist.ts';

const insist = makeInsist({ log: pino({ level: 'silent' }), signal: new AbortController().signal });

/** Fails so often with this fault, then succeeds. */
const failing = (fault: Fault, times: number) => {
  let tries = 0;
  const work = async () => {
    if (++tries <= times) throw fault;
    return 'done';
  };
  return { work, tries: () => tries };
};

test('what fails is tried again until it succeeds', async () => {
  const { work, tries } = failing(new Fault('LOG_UNAVAILABLE', 'Away.'), 2);
  expect(await insist('append', work)).toBe('done');
  expect(tries()).toBe(3);
});

test.each(['RECORD_TOO_LARGE', 'RECORD_REFUSED'] as const)('%s is tried once', async (reason) => {
  const { work, tries } = failing(new Fault(reason, 'Never.'), 2);
  await expect(insist('append', work)).rejects.toMatchObject({ reason });
  expect(tries()).toBe(1);
});
