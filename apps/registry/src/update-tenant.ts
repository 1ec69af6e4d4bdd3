import type { Tenant } from '@bellwire/contracts';
import { invalidField, invalidFields } from '@bellwire/errors';
import type { Commit } from './commit-changes.ts';
import { dialectOf } from './create-endpoint.ts';
import { tenantChange } from './registry-change.ts';
import { findTenant, saveTenant } from './store/tenants.ts';
import { completeTenant, tenantFields, tenantProblems } from './tenant-fields.ts';
import { noSuchTenant } from './tenant-of.ts';

/**
 * Replaces the fields that the mask names; an empty mask changes nothing. Endpoints without a schedule or a time-out of
 * their own have the new ones from their next attempt on.
 *
 * @throws Fault INVALID_FIELD, NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const makeUpdateTenant =
  ({ commit }: { commit: Commit }) =>
  async (given: Tenant, mask: readonly string[]): Promise<Tenant> => {
    if (!mask.every((path) => tenantFields.has(path))) {
      throw invalidField('update_mask', `must name some of ${[...tenantFields.keys()].join(', ')}`);
    }
    return await commit(given.id, async ({ tx, announce }) => {
      const stored = await findTenant(tx, given.id, true);
      if (stored === undefined) throw noSuchTenant();
      const problems = tenantProblems(given, new Set(mask));
      if (problems.length > 0) throw invalidFields(problems);
      if (mask.length === 0) return stored;
      const wanted = mask.reduce((tenant, path) => ({ ...tenant, ...tenantFields.get(path)?.part(given) }), stored);
      const next = { ...wanted, ...completeTenant(wanted, dialectOf(stored)) };
      await saveTenant(tx, next);
      await announce(tenantChange(next));
      return next;
    });
  };
