/** How a value travels: as an array of one Postgres type, one element per row. */
const kinds = {
  text: { array: 'text[]', read: (name: string) => name },
  uuid: { array: 'uuid[]', read: (name: string) => name },
  integer: { array: 'integer[]', read: (name: string) => name },
  bigint: { array: 'bigint[]', read: (name: string) => name },
  double: { array: 'float8[]', read: (name: string) => name },
  boolean: { array: 'boolean[]', read: (name: string) => name },
  bytes: { array: 'bytea[]', read: (name: string) => name },
  /** A count of days since 1970-01-01. */
  day: { array: 'integer[]', read: (name: string) => `date '1970-01-01' + ${name}` },
  /** Milliseconds since 1970. */
  time: { array: 'float8[]', read: (name: string) => `to_timestamp(${name} / 1000)` },
} as const;

type Value = string | number | boolean | Uint8Array | null | undefined;

/** What a column holds, and where a row has it. */
export type Columns<Row> = Readonly<Record<string, readonly [kind: keyof typeof kinds, of: (row: Row) => Value]>>;

export interface Statement {
  name: string;
  text: string;
  values: unknown[];
}

/**
 * `INSERT … SELECT FROM unnest(arrays)`: one prepared statement, whatever the number of rows. Kysely's values() costs three
 * times the CPU at 1,000 rows (research/libraries.md, section 2).
 *
 * @param conflict what follows the rows; `kept` is the alias of the table
 */
export const insertFrom = <Row>(table: string, columns: Columns<Row>, conflict: string) => {
  const names = Object.keys(columns);
  const arrays = names.map((name, at) => `$${at + 1}::${kinds[columns[name]?.[0] ?? 'text'].array}`);
  const reads = names.map((name) => kinds[columns[name]?.[0] ?? 'text'].read(`given.${name}`));
  const text = `insert into ${table} as kept (${names.join(', ')}) select ${reads.join(', ')} from unnest(${arrays.join(
    ', ',
  )}) as given(${names.join(', ')}) ${conflict}`;
  const readers = Object.values(columns).map(([, of]) => of);
  return (rows: readonly Row[]): Statement => ({
    name: table,
    text,
    values: readers.map((of) => rows.map((row) => of(row) ?? null)),
  });
};

/** `a = case when <condition> then excluded.a else kept.a end, …` */
export const takeWhen = (condition: string, names: readonly string[]): string =>
  names.map((name) => `${name} = case when ${condition} then excluded.${name} else kept.${name} end`).join(', ');
