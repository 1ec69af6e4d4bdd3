import type { Endpoint } from '@bellwire/contracts';
import { headerNames } from '@bellwire/dialects';
import type { Acting } from '@bellwire/domain';
import type { EgressPolicy } from '@bellwire/egress';
import { invalidField } from '@bellwire/errors';
import { completeRetry, dialectOf } from './create-endpoint.ts';
import { boundSubjectProblems, checkEndpoint, endpointFields } from './endpoint-rules/endpoint-fields.ts';
import { eachOnce } from './endpoint-rules/limits.ts';
import { lockEndpoint, revealKept, writeNext, type EndpointWriteDeps } from './next-endpoint.ts';
import { requestedByUser } from './switch-endpoint.ts';
import { tenantOf } from './tenant-of.ts';

/** Fields that the mask names, from the endpoint that was given. */
const changesOf = (given: Endpoint, mask: readonly string[]): Partial<Endpoint> => {
  const changes = mask.map((path) => endpointFields.get(path)?.part(given) ?? {});
  return Object.assign({}, ...changes);
};

/** A switch by hand: off as the user's wish, on without a reason; nothing where it stood so. */
const switchOf = (changes: Partial<Endpoint>, stored: Endpoint): Partial<Endpoint> => {
  if (changes.enabled === undefined || changes.enabled === stored.enabled) return {};
  return { disabledReason: changes.enabled ? '' : requestedByUser };
};

/**
 * Replaces the fields that the mask names; an empty mask changes nothing. A header whose value is `***` keeps the value it
 * has.
 *
 * @throws Fault INVALID_FIELD, INVALID_URL, INVALID_FILTER, NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const makeUpdateEndpoint =
  (deps: EndpointWriteDeps & { urlPolicy: EgressPolicy }) =>
  async (acting: Acting, given: Endpoint, mask: readonly string[]): Promise<Endpoint> => {
    const { commit, seal, urlPolicy } = deps;
    const unknown = mask.find((path) => !endpointFields.has(path));
    if (unknown !== undefined) {
      throw invalidField('update_mask', `must name some of ${[...endpointFields.keys()].join(', ')}`);
    }
    return await commit(acting.tenantId, async (write) => {
      const dialect = dialectOf(await tenantOf(write.tx, acting.tenantId));
      const stored = await lockEndpoint(write, acting, given.id);
      if (mask.length === 0) return stored.endpoint;
      const changes = changesOf(given, mask);
      const revealed = changes.headers && revealKept(changes.headers, seal.openHeaders(stored));
      const wanted = { ...stored.endpoint, ...changes, headers: revealed?.headers ?? {} };
      const problems = [
        ...(mask.includes('subject') ? boundSubjectProblems(given.subject, acting.subject) : []),
        ...(revealed?.problems ?? []),
      ];
      checkEndpoint(wanted, mask, { urlPolicy, dialectHeaders: headerNames(dialect) }, problems);
      if (changes.eventTypes !== undefined) changes.eventTypes = eachOnce(changes.eventTypes);
      if (changes.retry !== undefined) changes.retry = completeRetry(changes.retry, dialect);
      return await writeNext(write, deps, stored, {
        changes: { ...changes, ...switchOf(changes, stored.endpoint) },
        headers: revealed?.headers,
      });
    });
  };
