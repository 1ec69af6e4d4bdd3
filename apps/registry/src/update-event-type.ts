import type { EventType } from '@bellwire/contracts';
import { isEventTypeName, type Clock } from '@bellwire/domain';
import { invalidField, invalidFields, noSuch, type Fault } from '@bellwire/errors';
import type { Commit, Write } from './commit-changes.ts';
import { eventTypeProblems } from './event-type-rules.ts';
import { eventTypeChange } from './registry-change.ts';
import { findEventType, saveEventType, type StoredEventType } from './store/event-types.ts';

const fields = ['description', 'schema', 'example'] as const;
type Field = (typeof fields)[number];

const isField = (path: string): path is Field => fields.some((field) => field === path);

export const noSuchEventType = (): Fault => noSuch('event type');

const locked = async ({ tx }: Write, tenantId: string, name: string): Promise<StoredEventType> => {
  const stored = isEventTypeName(name) ? await findEventType(tx, tenantId, name, true) : undefined;
  if (stored === undefined) throw noSuchEventType();
  return stored;
};

/**
 * Replaces the fields that the mask names: description, schema, example. Another schema raises the version. An empty mask
 * changes nothing.
 *
 * @throws Fault INVALID_FIELD, also where the example that is kept breaks the new schema; NOT_FOUND
 */
export const makeUpdateEventType =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  async (tenantId: string, given: EventType, mask: readonly string[]): Promise<EventType> => {
    const named = mask.filter(isField);
    const unknown = mask.find((path) => !isField(path));
    if (unknown !== undefined) throw invalidField('update_mask', `must name some of ${fields.join(', ')}`);
    return await commit(tenantId, async (write) => {
      const stored = await locked(write, tenantId, given.name);
      if (named.length === 0) return stored;
      const next = { ...stored, ...Object.fromEntries(named.map((field) => [field, given[field]])) };
      const problems = eventTypeProblems(next);
      if (problems.length > 0) throw invalidFields(problems);
      if (next.schema !== stored.schema) next.version += 1;
      next.updatedAt = new Date(clock.now());
      await saveEventType(write.tx, tenantId, next);
      await write.announce(eventTypeChange(tenantId, next));
      return next;
    });
  };

/** Publishing an archived type is refused; archiving it again changes nothing. @throws Fault NOT_FOUND */
export const makeArchiveEventType =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  (tenantId: string, name: string): Promise<EventType> =>
    commit(tenantId, async (write) => {
      const stored = await locked(write, tenantId, name);
      const next = { ...stored, archived: true, updatedAt: new Date(clock.now()) };
      const change = eventTypeChange(tenantId, next);
      if (stored.archived) {
        await write.awaitEarlier(change.key);
        return stored;
      }
      await saveEventType(write.tx, tenantId, next);
      await write.announce(change);
      return next;
    });
