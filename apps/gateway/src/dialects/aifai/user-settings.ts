import { z } from 'zod';
import { RegistryServiceService as Registry } from '@bellwire/contracts';
import { toFault } from '@bellwire/errors';
import type { Services } from '../../app.ts';
import type { Who } from '../who-is.ts';
import { preferences } from './preferences.ts';

/** What is kept of a user beside his endpoint. */
const settings = z.object({
  /** While there is no endpoint; that one has them otherwise. */
  preferences: preferences.optional().catch(undefined),
  /** Notifications that were accepted before this time were told by a check. */
  checked_until: z.iso.datetime().optional().catch(undefined),
});
export type UserSettings = z.infer<typeof settings>;

type Deps = Pick<Services, 'registry'>;

const subjectOf = ({ subject = '' }: Who) => ({ subject });

const read = async ({ registry }: Deps, who: Who): Promise<{ text: string; found: UserSettings }> => {
  const { settings: text } = await registry.unary(Registry.getSubjectSettings, subjectOf(who), who);
  return { text, found: settings.parse(JSON.parse(text)) };
};

export const readSettings = async (deps: Deps, who: Who): Promise<UserSettings> => (await read(deps, who)).found;

/** More than a user has calls at once. */
const mostTries = 10;

/**
 * Reads, and writes what `next` makes of it; from the start where something else was written meanwhile.
 *
 * @throws Fault LOST_RACE where that happens again and again, and what `next` throws
 */
export const changeSettings = async <Result>(
  deps: Deps,
  who: Who,
  next: (before: UserSettings) => Promise<{ settings: UserSettings; result: Result }>,
): Promise<Result> => {
  for (let tries = 1; ; tries++) {
    const { text, found } = await read(deps, who);
    const { settings: wanted, result } = await next(found);
    const write = { ...subjectOf(who), settings: JSON.stringify(wanted), replaces: text };
    try {
      await deps.registry.unary(Registry.putSubjectSettings, write, who);
      return result;
    } catch (error) {
      if (toFault(error).reason !== 'LOST_RACE' || tries === mostTries) throw error;
    }
  }
};
