import { aifai } from './aifai.ts';
import { contribux } from './contribux.ts';
import type { Dialect } from './dialect.ts';
import { hub } from './hub.ts';
import { notely } from './notely.ts';
import { roleReady } from './roleready.ts';
import { standard } from './standard.ts';
import { cloudEvents, cloudEventsInHeaders, github, stripe } from './wire-formats.ts';

const all = [standard, contribux, roleReady, aifai, hub, notely, github, stripe, cloudEvents, cloudEventsInHeaders];

const byName: ReadonlyMap<string, Dialect> = new Map(all.map((dialect) => [dialect.name, dialect]));

/** Names of the dialects that a tenant may have; the first is the default. */
export const dialectNames: readonly string[] = [...byName.keys()];

export const dialectNamed = (name: string): Dialect | undefined => byName.get(name);
