import { encodeBooleans, encodeBytes, encodeDoubles, encodeTexts, type EncodeArray } from './binary-arrays.ts';

/**
 * How a value travels: in an array with one element per row. Numbers go as doubles and ids as text, so that it is Postgres
 * that says what is out of range or no uuid: such a row is unstorable, and that must not depend on this client.
 */
const kinds = {
  text: { array: 'text[]', read: (name: string) => name },
  uuid: { array: 'text[]', read: (name: string) => `${name}::uuid` },
  integer: { array: 'float8[]', read: (name: string) => `${name}::integer` },
  bigint: { array: 'float8[]', read: (name: string) => `${name}::bigint` },
  double: { array: 'float8[]', read: (name: string) => name },
  boolean: { array: 'boolean[]', read: (name: string) => name },
  bytes: { array: 'bytea[]', read: (name: string) => name },
  /** A count of days since 1970-01-01. */
  day: { array: 'float8[]', read: (name: string) => `date '1970-01-01' + ${name}::integer` },
  /** Milliseconds since 1970. */
  time: { array: 'float8[]', read: (name: string) => `to_timestamp(${name} / 1000)` },
} as const;

type Of<Row, Value> = (row: Row) => Value | null | undefined;

/** What a column holds, and where a row has it. */
type Column<Row> =
  | readonly [kind: 'text' | 'uuid', of: Of<Row, string>]
  | readonly [kind: 'integer' | 'bigint' | 'double' | 'day' | 'time', of: Of<Row, number>]
  | readonly [kind: 'boolean', of: Of<Row, boolean>]
  | readonly [kind: 'bytes', of: Of<Row, Uint8Array>];

export type Columns<Row> = Readonly<Record<string, Column<Row>>>;

export interface Statement {
  name: string;
  text: string;
  values: unknown[];
}

const encoderOf = <Row>([kind, of]: Column<Row>): EncodeArray<Row> => {
  switch (kind) {
    case 'text':
    case 'uuid':
      return encodeTexts(of);
    case 'boolean':
      return encodeBooleans(of);
    case 'bytes':
      return encodeBytes(of);
    default:
      return encodeDoubles(of);
  }
};

/**
 * `INSERT … SELECT FROM unnest(arrays)`: one prepared statement, whatever the number of rows. Kysely's values() costs three
 * times the CPU at 1,000 rows (research/libraries.md, section 2).
 *
 * @param conflict what follows the rows; `kept` is the alias of the table
 */
export const insertFrom = <Row>(table: string, columns: Columns<Row>, conflict: string) => {
  const given = Object.entries(columns).map(([name, column], at) => {
    const { array, read } = kinds[column[0]];
    return { name, array: `$${at + 1}::${array}`, read: read(`given.${name}`), encode: encoderOf(column) };
  });
  const names = given.map(({ name }) => name).join(', ');
  const reads = given.map(({ read }) => read).join(', ');
  const arrays = given.map(({ array }) => array).join(', ');
  const text = `insert into ${table} as kept (${names}) select ${reads} from unnest(${arrays}) as given(${names}) ${conflict}`;
  return (rows: readonly Row[]): Statement => ({
    name: table,
    text,
    values: given.map(({ encode }) => encode(rows)),
  });
};

/** `a = case when <condition> then excluded.a else kept.a end, …` */
export const takeWhen = (condition: string, names: readonly string[]): string =>
  names.map((name) => `${name} = case when ${condition} then excluded.${name} else kept.${name} end`).join(', ');
