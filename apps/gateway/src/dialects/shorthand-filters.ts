import { z } from 'zod';
import { filterFrom, type Dialect } from '@bellwire/dialects';

/** Filters as users of a dialect give them, by the names of its shorthands. */
export type Filters = Readonly<Record<string, unknown>>;

/**
 * What an endpoint keeps of them: JSON text, empty where they ask for nothing.
 * @param path of the member that holds them; empty where they are members themselves
 * @throws Fault INVALID_FIELD for whatever registry would refuse, by their own names
 */
export const filterTextOf = (dialect: Dialect, filters: Filters, path: string = 'filters'): string => {
  const filter = filterFrom(dialect, filters, path);
  return filter === undefined ? '' : JSON.stringify(filter);
};

const operator = z.union([
  z.strictObject({ $gte: z.number() }).transform(({ $gte }) => $gte),
  z.strictObject({ $in: z.array(z.string()) }).transform(({ $in }) => $in),
]);
const condition = z.strictObject({ $or: z.tuple([z.unknown(), z.record(z.string(), operator)]) });
const kept = z.union([
  z.strictObject({ $and: z.array(condition) }).transform(({ $and }) => $and),
  condition.transform((one) => [one]),
]);

/** The way back from `filterTextOf`; null for a filter that was not made of these, as /v1 can set. */
export const filtersOf = (dialect: Dialect, text: string): Filters | null => {
  if (text === '') return {};
  const { data: conditions } = kept.safeParse(JSON.parse(text));
  const names = new Map(dialect.filterShorthands?.map(({ name, path }) => [path, name]));
  const filters = Object.fromEntries(
    (conditions ?? []).flatMap(({ $or: [, asked] }) =>
      Object.entries(asked).map(([path, value]) => [names.get(path) ?? path, value]),
    ),
  );
  try {
    return filterTextOf(dialect, filters) === text ? filters : null;
  } catch {
    return null;
  }
};
