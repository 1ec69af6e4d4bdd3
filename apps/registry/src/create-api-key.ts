import type { CreateApiKeyRequest, CreateApiKeyResponse } from '@bellwire/contracts';
import { isScope, newId, tenantScopes, type Clock } from '@bellwire/domain';
import { invalidFields } from '@bellwire/errors';
import { newApiKey, type RandomBytes } from '@bellwire/secrets';
import type { Commit } from './commit-changes.ts';
import { apiKeyChange } from './registry-change.ts';
import { insertApiKey } from './store/api-keys.ts';
import { existingTenant } from './tenant-of.ts';
import { subjectProblems, textProblems } from './text-rules.ts';

export interface CreateApiKeyDeps {
  commit: Commit;
  clock: Clock;
  randomBytes: RandomBytes;
}

/**
 * Makes a key, which is in this answer and nowhere else. Scopes default to all of a tenant's; publish:any, with which a
 * key may publish for other tenants, is given by name only.
 *
 * @throws Fault INVALID_FIELD, NOT_FOUND
 */
export const makeCreateApiKey =
  ({ commit, clock, randomBytes }: CreateApiKeyDeps) =>
  async ({ tenantId, name, scopes, subject }: CreateApiKeyRequest): Promise<CreateApiKeyResponse> => {
    const problems = [
      ...textProblems('name', name, { min: 1, max: 200 }),
      ...subjectProblems(subject),
      ...scopes.flatMap((scope, index) =>
        isScope(scope) ? [] : [{ path: `scopes[${index}]`, message: `must be one of ${tenantScopes.join(', ')}` }],
      ),
    ];
    if (problems.length > 0) throw invalidFields(problems);
    const { key, hash, hint } = newApiKey(randomBytes);
    const createdAt = new Date(clock.now());
    const apiKey = {
      id: newId('key', clock.now()),
      tenantId,
      name,
      scopes: scopes.length === 0 ? [...tenantScopes] : [...new Set(scopes)],
      subject,
      hint,
      createdAt,
    };
    await commit(tenantId, async ({ tx, announce }) => {
      await existingTenant(tx, tenantId);
      await insertApiKey(tx, { apiKey, hash }, createdAt);
      await announce(apiKeyChange({ apiKey, hash }));
    });
    return { apiKey, key };
  };
