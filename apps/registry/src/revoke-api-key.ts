import type { RevokeApiKeyRequest } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { noSuch } from '@bellwire/errors';
import type { Commit } from './commit-changes.ts';
import { isIdText } from './id-text.ts';
import { apiKeyChange } from './registry-change.ts';
import { lockApiKey, setRevoked } from './store/api-keys.ts';

/** A key that is revoked stays so, with its first time of revocation. @throws Fault NOT_FOUND */
export const makeRevokeApiKey =
  ({ commit, clock }: { commit: Commit; clock: Clock }) =>
  ({ tenantId, id }: RevokeApiKeyRequest): Promise<void> =>
    commit(tenantId, async ({ tx, announce, awaitEarlier }) => {
      const stored = isIdText(id) ? await lockApiKey(tx, tenantId, id) : undefined;
      if (stored === undefined) throw noSuch('API key');
      const { apiKey, hash } = stored;
      if (apiKey.revokedAt !== undefined) return await awaitEarlier(apiKeyChange(stored).key);
      const revokedAt = new Date(clock.now());
      await setRevoked(tx, apiKey, revokedAt);
      await announce(apiKeyChange({ apiKey: { ...apiKey, revokedAt }, hash }));
    });
