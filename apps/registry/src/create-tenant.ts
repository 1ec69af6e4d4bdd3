import type { CreateTenantRequest, Tenant } from '@bellwire/contracts';
import { dialectNamed, dialectNames } from '@bellwire/dialects';
import { newId, type Clock } from '@bellwire/domain';
import { invalidFields } from '@bellwire/errors';
import type { Commit } from './commit-changes.ts';
import { eventTypeChange, tenantChange } from './registry-change.ts';
import { insertEventTypes, type StoredEventType } from './store/event-types.ts';
import { insertTenant } from './store/tenants.ts';
import { completeTenant, tenantFields, tenantProblems } from './tenant-fields.ts';

/** Makes a tenant with the event types of its dialect's catalogue. @throws Fault INVALID_FIELD */
export const makeCreateTenant =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  async (request: CreateTenantRequest): Promise<Tenant> => {
    const dialect = dialectNamed(request.dialect ?? 'standard');
    const problems = tenantProblems(request, tenantFields.keys());
    if (dialect === undefined) {
      problems.push({ path: 'dialect', message: `must be one of ${dialectNames.join(', ')}` });
    }
    if (problems.length > 0 || dialect === undefined) throw invalidFields(problems);

    const createdAt = new Date(clock.now());
    const tenant = {
      id: newId('ten', clock.now()),
      name: request.name,
      dialect: dialect.name,
      createdAt,
      timeoutMs: request.timeoutMs,
      ...completeTenant(request, dialect),
    };
    const catalogue = dialect.catalogue.map((entry): StoredEventType => ({
      ...entry,
      schema: '',
      version: 1,
      archived: false,
      createdAt,
      updatedAt: createdAt,
    }));
    return await commit(tenant.id, async ({ tx, announce }) => {
      await insertTenant(tx, tenant);
      const learned = await insertEventTypes(tx, tenant.id, catalogue);
      await announce(tenantChange(tenant), ...learned.map((eventType) => eventTypeChange(tenant.id, eventType)));
      return tenant;
    });
  };
