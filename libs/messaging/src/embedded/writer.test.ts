import { expect, test } from '@jest/globals';
import { DatabaseError } from 'pg';
import type { AppendRow, Query } from './append.ts';
import { openPartition } from './partition.ts';
import { openRunningTime } from './running-time.ts';
import { unavailable } from './session.ts';
import { openWriter } from './writer.ts';

const refusal = () => Object.assign(new DatabaseError('no such text', 12, 'error'), { code: '22021' });

/** Postgres in so far as it refuses a statement that carries a value; and what it took. */
const refusing = (bad: string) => {
  const taken: string[] = [];
  let end = 0;
  const run = async ({ values }: Query): Promise<AppendRow[]> => {
    const text = String(values[3]);
    if (text.includes(bad)) throw unavailable(refusal());
    taken.push(text);
    const base = String(end);
    end += text.length;
    return [{ slot: 1, base }];
  };
  return { run, taken };
};

test('what Postgres refuses for good fails its own call, and no other of the same statement', async () => {
  const { run, taken } = refusing('x');
  const writer = openWriter(run, openRunningTime({ now: () => 0 }));
  const partition = openPartition('t', 0, 0, 1000);
  const write = (value: string) => writer.write([{ record: { topic: 't', value: Buffer.from(value) }, partition }], 1);
  const answers = await Promise.allSettled(['a', 'b', 'x', 'd'].map(write));
  const said = answers.map((answer) =>
    answer.status === 'fulfilled' ? answer.value[0]?.offset : answer.reason.reason,
  );
  expect(said).toEqual([0, 1, 'RECORD_REFUSED', 2]);
  expect(taken).toEqual(['ab', 'd']);
  await writer.close();
});
