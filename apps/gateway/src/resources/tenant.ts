import { z } from 'zod';
import { CreateTenantRequest, fromProto, Tenant, toProto, type UpdateTenantRequest } from '@bellwire/contracts';
import { count, known, sized, time, timeText } from './members.ts';
import { fromRetry, givenRetry, retry, toRetry } from './retry.ts';

const policy = z
  .enum(['open', 'strict'])
  .describe('open: a new event type is accepted at once and learned. strict: only catalogued types.');

export const tenant = z
  .object({
    id: z.string(),
    name: z.string(),
    dialect: z.string(),
    event_type_policy: policy,
    retry: retry.nullable().describe('Of endpoints without their own; null: the schedule of the dialect.'),
    timeout_ms: z.int().nullable().describe('Of endpoints without their own; null: the default of the dialect.'),
    created_at: time,
  })
  .meta({ id: 'Tenant', description: 'A customer whose endpoints and events are kept apart.' });

const members = z.strictObject({
  name: sized(1, 200),
  event_type_policy: policy.nullish().describe('The default of the dialect where absent or null.'),
  retry: givenRetry.nullish().describe('Of endpoints without their own; null: the schedule of the dialect.'),
  timeout_ms: count(1000, 60_000)
    .nullish()
    .describe('Of endpoints without their own; null: the default of the dialect.'),
});

export const newTenant = members
  .extend({ dialect: z.string().nullish().describe('What its receivers get, by name; standard where absent.') })
  .meta({ examples: [{ name: 'Acme', event_type_policy: 'open' }] });

export const tenantChanges = members
  .partial()
  .meta({ examples: [{ retry: { schedule_seconds: [1, 2, 3], retry_on: 'transient' }, timeout_ms: 5000 }] });

export const toTenant = (message: Tenant): z.infer<typeof tenant> => ({
  id: message.id,
  name: message.name,
  dialect: message.dialect,
  event_type_policy: known(fromProto.eventTypePolicy(message.eventTypePolicy)),
  retry: toRetry(message.retry),
  timeout_ms: message.timeoutMs === 0 ? null : message.timeoutMs,
  created_at: timeText(message.createdAt),
});

const fromMembers = (given: z.infer<typeof tenantChanges>) => ({
  name: given.name,
  eventTypePolicy: given.event_type_policy ? toProto.eventTypePolicy[given.event_type_policy] : undefined,
  retry: fromRetry(given.retry),
  timeoutMs: given.timeout_ms ?? undefined,
});

export const fromNewTenant = ({ dialect, ...given }: z.infer<typeof newTenant>): CreateTenantRequest =>
  CreateTenantRequest.fromPartial({ ...fromMembers(given), dialect: dialect ?? undefined });

/** Only the members that were given are in the mask; null clears. Their names are those of the contract. */
export const fromTenantChanges = (id: string, given: z.infer<typeof tenantChanges>): UpdateTenantRequest => ({
  tenant: Tenant.fromPartial({ ...fromMembers(given), id }),
  updateMask: Object.keys(given),
});
