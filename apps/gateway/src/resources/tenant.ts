import { z } from 'zod';
import { CreateTenantRequest, fromProto, toProto, type Tenant } from '@bellwire/contracts';
import { known, sized, time, timeText } from './members.ts';

const policy = z
  .enum(['open', 'strict'])
  .describe('open: a new event type is accepted at once and learned. strict: only catalogued types.');

export const tenant = z
  .object({ id: z.string(), name: z.string(), dialect: z.string(), event_type_policy: policy, created_at: time })
  .meta({ id: 'Tenant', description: 'A customer whose endpoints and events are kept apart.' });

export const newTenant = z
  .strictObject({
    name: sized(1, 200),
    dialect: z.string().nullish().describe('What its receivers get, by name; standard where absent.'),
    event_type_policy: policy.nullish().describe('The default of the dialect where absent.'),
  })
  .meta({ examples: [{ name: 'Acme', event_type_policy: 'open' }] });

export const toTenant = (message: Tenant): z.infer<typeof tenant> => ({
  id: message.id,
  name: message.name,
  dialect: message.dialect,
  event_type_policy: known(fromProto.eventTypePolicy(message.eventTypePolicy)),
  created_at: timeText(message.createdAt),
});

export const fromNewTenant = ({ name, dialect, event_type_policy }: z.infer<typeof newTenant>): CreateTenantRequest =>
  CreateTenantRequest.fromPartial({
    name,
    dialect: dialect ?? undefined,
    eventTypePolicy: event_type_policy ? toProto.eventTypePolicy[event_type_policy] : undefined,
  });
