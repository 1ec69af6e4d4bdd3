import type { CreateEventTypeRequest, EventType } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { Fault, invalidFields } from '@bellwire/errors';
import type { Commit } from './commit-changes.ts';
import { eventTypeProblems } from './event-type-rules.ts';
import { eventTypeChange } from './registry-change.ts';
import { insertEventTypes } from './store/event-types.ts';
import { tenantOf } from './tenant-of.ts';

/** @throws Fault INVALID_FIELD, ALREADY_EXISTS (archived ones keep their name), UNKNOWN_TENANT */
export const makeCreateEventType =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  async (tenantId: string, request: CreateEventTypeRequest): Promise<EventType> => {
    const problems = eventTypeProblems(request);
    if (problems.length > 0) throw invalidFields(problems);
    const { name, description, schema, example } = request;
    const now = new Date(clock.now());
    const made = { name, description, schema, example, version: 1, archived: false, createdAt: now, updatedAt: now };
    return await commit(tenantId, async ({ tx, announce }) => {
      await tenantOf(tx, tenantId);
      const [eventType] = await insertEventTypes(tx, tenantId, [made]);
      if (eventType === undefined) throw new Fault('ALREADY_EXISTS', `There is an event type ${name} already.`);
      await announce(eventTypeChange(tenantId, eventType));
      return eventType;
    });
  };
