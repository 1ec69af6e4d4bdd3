import { actingFor, type Acting, type Scope } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import { isIdText } from '../id-text.ts';

/** The tenant that a call acts for. @throws as `actingFor` of @bellwire/domain */
export const acting = ({ principal, namedTenant }: Call, scope: Scope): Acting => {
  const acts = actingFor(principal, scope, namedTenant);
  if (!isIdText(acts.tenantId)) throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
  return acts;
};

/** For what belongs to the whole tenant: a key that acts as one user of it may read it, and not change it. */
export const actingForAll = (call: Call, scope: Scope): Acting => {
  const acts = acting(call, scope);
  if (acts.subject !== undefined) {
    throw new Fault('MISSING_SCOPE', 'A key with a subject cannot change what belongs to the whole tenant.');
  }
  return acts;
};
