import { fromProto, type LearnEventTypesRequest } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { Fault, invalidField, invalidFields } from '@bellwire/errors';
import type { Commit } from './commit-changes.ts';
import { eventTypeNameProblems } from './event-type-rules.ts';
import { eventTypeChange } from './registry-change.ts';
import { insertEventTypes } from './store/event-types.ts';
import { existingTenant } from './tenant-of.ts';

const maxNames = 1000;

/**
 * Catalogues event types that ingestion met first. Types that are known, archived ones too, stay as they are, so a call
 * may be repeated.
 *
 * @throws Fault INVALID_FIELD, NOT_FOUND, WRONG_STATE for a tenant whose policy is strict
 */
export const makeLearnEventTypes =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  async ({ tenantId, names }: LearnEventTypesRequest): Promise<void> => {
    if (names.length > maxNames) throw invalidField('names', `must be at most ${maxNames}`);
    const problems = names.flatMap((name, index) => eventTypeNameProblems(name, `names[${index}]`));
    if (problems.length > 0) throw invalidFields(problems);
    const now = new Date(clock.now());
    const met = [...new Set(names)].map((name) => ({
      name,
      description: '',
      schema: '',
      example: '',
      version: 1,
      archived: false,
      createdAt: now,
      updatedAt: now,
    }));
    await commit(tenantId, async ({ tx, announce, awaitEarlier }) => {
      const tenant = await existingTenant(tx, tenantId);
      if (fromProto.eventTypePolicy(tenant.eventTypePolicy) !== 'open') {
        throw new Fault('WRONG_STATE', 'The tenant takes only event types of its catalogue.');
      }
      const learned = await insertEventTypes(tx, tenantId, met);
      await awaitEarlier(...met.map((eventType) => eventTypeChange(tenantId, eventType).key));
      await announce(...learned.map((eventType) => eventTypeChange(tenantId, eventType)));
    });
  };
