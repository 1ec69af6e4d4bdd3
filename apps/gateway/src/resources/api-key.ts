import { z } from 'zod';
import type { ApiKey, CreateApiKeyRequest } from '@bellwire/contracts';
import { tenantScopes } from '@bellwire/domain';
import { optionalTimeText, sized, time, timeText, userOf } from './members.ts';

export const apiKey = z
  .object({
    id: z.string(),
    tenant_id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    subject: z.string().nullable().describe('The user as whom the key acts, if any.'),
    hint: z.string().describe('Enough of the key to recognise it.'),
    created_at: time,
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' });

export const createdApiKey = apiKey
  .extend({ key: z.string().describe('The key itself: in this answer and nowhere else.') })
  .meta({ id: 'CreatedApiKey' });

export const newApiKey = z
  .strictObject({
    name: sized(1, 200),
    scopes: z
      .array(z.string().meta({ enum: [...tenantScopes, 'publish:any'] }))
      .nullish()
      .describe("All of a tenant's where absent or empty."),
    subject: userOf
      .nullish()
      .describe(
        'A key with a subject acts as that user: it sees and creates only what is theirs. It sees events about the user, ' +
          'and deliveries to endpoints of the user: none to other endpoints of the tenant.',
      ),
  })
  .meta({ examples: [{ name: 'backend', scopes: ['events:publish', 'events:read'] }] });

export const toApiKey = (message: ApiKey): z.infer<typeof apiKey> => ({
  id: message.id,
  tenant_id: message.tenantId,
  name: message.name,
  scopes: message.scopes,
  subject: message.subject ?? null,
  hint: message.hint,
  created_at: timeText(message.createdAt),
  revoked_at: optionalTimeText(message.revokedAt),
});

export const fromNewApiKey = (tenantId: string, given: z.infer<typeof newApiKey>): CreateApiKeyRequest => ({
  tenantId,
  name: given.name,
  scopes: given.scopes ?? [],
  subject: given.subject ?? undefined,
});
