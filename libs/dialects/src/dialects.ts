import type { Dialect } from './dialect.ts';
import { standard } from './standard.ts';

const byName: ReadonlyMap<string, Dialect> = new Map([standard].map((dialect) => [dialect.name, dialect]));

/** Names of the dialects that a tenant may have; the first is the default. */
export const dialectNames: readonly string[] = [...byName.keys()];

export const dialectNamed = (name: string): Dialect | undefined => byName.get(name);
