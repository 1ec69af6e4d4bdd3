import { Fault } from '@bellwire/errors';

/** What a key may do. Those of a tenant are the default of a new key; publish:any is given by name only. */
export const tenantScopes = [
  'events:publish',
  'events:read',
  'event-types:read',
  'event-types:write',
  'endpoints:read',
  'endpoints:write',
  'deliveries:read',
  'deliveries:redeliver',
] as const;

export type Scope = (typeof tenantScopes)[number] | 'publish:any';

export const isScope = (text: string): text is Scope =>
  text === 'publish:any' || tenantScopes.some((scope) => scope === text);

/** Who calls: the admin of the deployment, or a key of a tenant, which may act as one subject of it. */
export type Principal =
  | { readonly kind: 'admin' }
  | {
      readonly kind: 'tenant';
      readonly keyId: string;
      readonly tenantId: string;
      readonly scopes: ReadonlySet<string>;
      readonly subject: string | undefined;
    };

/** A tenant that a call acts for, as the subject whose things alone it may see, if any. */
export interface Acting {
  readonly tenantId: string;
  readonly subject: string | undefined;
}

/** @throws Fault ADMIN_ONLY */
export const requireAdmin = (principal: Principal): void => {
  if (principal.kind !== 'admin') throw new Fault('ADMIN_ONLY', 'This call needs the admin key.');
};

/**
 * The tenant that a call acts for. An admin names it; a tenant's key is bound to its own, except that a key with the
 * scope publish:any may name another one to publish for.
 *
 * @param namedTenant the metadata or header x-bellwire-tenant
 * @throws Fault UNKNOWN_TENANT where an admin names none, MISSING_SCOPE, NOT_FOUND for another tenant
 */
export const actingFor = (principal: Principal, scope: Scope, namedTenant: string | undefined): Acting => {
  if (principal.kind === 'admin') {
    if (namedTenant === undefined) throw new Fault('UNKNOWN_TENANT', 'Name the tenant in x-bellwire-tenant.');
    return { tenantId: namedTenant, subject: undefined };
  }
  const publishesForAny = scope === 'events:publish' && principal.scopes.has('publish:any');
  if (publishesForAny && namedTenant !== undefined) return { tenantId: namedTenant, subject: undefined };
  if (namedTenant !== undefined && namedTenant !== principal.tenantId) {
    throw new Fault('NOT_FOUND', 'There is no such tenant for this key.');
  }
  if (!principal.scopes.has(scope) && !publishesForAny) {
    throw new Fault('MISSING_SCOPE', `The API key lacks the scope ${scope}.`);
  }
  return { tenantId: principal.tenantId, subject: principal.subject };
};
