import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault } from '@bellwire/errors';
import type { Principal } from '@bellwire/domain';
import type { RegistryView } from './registry-view.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

export interface AuthenticateOptions {
  view: Pick<RegistryView, 'apiKeyByHash' | 'catchUp'>;
  /** The bootstrap admin key of the deployment. */
  adminKey: string;
}

/**
 * Who calls with this key. Keys are known by their SHA-256 only; one that the view does not know is looked for once
 * more after the view has caught up with registry, so that a key works as soon as its creation has returned.
 *
 * @throws Fault UNKNOWN_KEY
 */
export const makeAuthenticate = ({ view, adminKey }: AuthenticateOptions): ((bearer: string) => Promise<Principal>) => {
  const adminHash = sha256(adminKey);
  return async (bearer) => {
    const digest = sha256(bearer);
    if (timingSafeEqual(digest, adminHash)) return { kind: 'admin' };
    const hash = digest.toString('hex');
    const find = () => view.apiKeyByHash(hash)?.apiKey;
    let apiKey = find();
    if (apiKey === undefined) {
      await view.catchUp();
      apiKey = find();
    }
    if (apiKey === undefined || apiKey.revokedAt !== undefined) {
      throw new Fault('UNKNOWN_KEY', 'The API key is not known or was revoked.');
    }
    const { id, tenantId, scopes, subject } = apiKey;
    return { kind: 'tenant', keyId: id, tenantId, scopes: new Set(scopes), subject };
  };
};
