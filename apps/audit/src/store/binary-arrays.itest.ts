import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDatabase, type Database } from '@bellwire/persistence';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { encodeBooleans, encodeBytes, encodeDoubles, encodeTexts, type EncodeArray } from './binary-arrays.ts';

let database: FreshDatabase;
let pool: Database<object>['pool'];
beforeAll(async () => {
  database = await freshDatabase();
  pool = openDatabase<object>({ connectionString: database.url, poolSize: 1, applicationName: 'itest' }).pool;
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const readBack = async <Value>(array: string, encode: EncodeArray<Value>, values: readonly Value[]) => {
  const text = `select given from unnest($1::${array}) as given`;
  return (await pool.query<{ given: unknown }>(text, [encode(values)])).rows.map(({ given }) => given);
};

test('texts come as they were sent, longer and shorter ones by the same encoder', async () => {
  const encode = encodeTexts((value: string | undefined) => value);
  const texts = ['', 'NULL', '{"a":"\\"quoted\\"",}', 'é ŧ 漢 😀', undefined, 'x'.repeat(100_000)];
  const expected = texts.map((text) => text ?? null);
  expect(await readBack('text[]', encode, texts)).toEqual(expected);
  expect(await readBack('text[]', encode, ['漢'.repeat(50_000), ...texts])).toEqual(['漢'.repeat(50_000), ...expected]);
  expect(await readBack('text[]', encode, [undefined])).toEqual([null]);
  expect(await readBack('text[]', encode, ['half of a pair: \ud83d'])).toEqual(['half of a pair: \ufffd']);
});

test('numbers, truth values and bytes come as they were sent', async () => {
  const numbers = [0, -1.5, 1e300, Number.MAX_SAFE_INTEGER, Number.NaN, undefined, Infinity];
  const given = numbers.map((number) => number ?? null);
  expect(
    await readBack(
      'float8[]',
      encodeDoubles((value: number | undefined) => value),
      numbers,
    ),
  ).toEqual(given);
  const truths = [true, null, false];
  expect(
    await readBack(
      'boolean[]',
      encodeBooleans((value: boolean | null) => value),
      truths,
    ),
  ).toEqual(truths);
  const bytes = [Buffer.from([0, 255, 92]), null, Buffer.alloc(0), Buffer.alloc(5000, 7)];
  expect(
    await readBack(
      'bytea[]',
      encodeBytes((value: Uint8Array | null) => value),
      bytes,
    ),
  ).toEqual(bytes);
});

test('what a column cannot hold is a data exception of Postgres, not a fault of this client', async () => {
  const cast = (to: string, value: number) =>
    pool.query(`select given::${to} from unnest($1::float8[]) as given`, [
      encodeDoubles((one: number) => one)([value]),
    ]);
  for (const value of [2 ** 31, Number.NaN, Infinity]) {
    await expect(cast('integer', value)).rejects.toMatchObject({ code: '22003' });
  }
  await expect(cast('bigint', 2 ** 64)).rejects.toMatchObject({ code: '22003' });
  const nul = encodeTexts((one: string) => one)(['\0']);
  await expect(pool.query('select $1::text[]', [nul])).rejects.toMatchObject({ code: '22021' });
});
