import type { Endpoint } from '@bellwire/contracts';
import { headerNames, type Dialect } from '@bellwire/dialects';
import type { Acting } from '@bellwire/domain';
import type { EgressPolicy } from '@bellwire/egress';
import { invalidField, type FieldProblem } from '@bellwire/errors';
import { completeRetry, dialectOf } from './create-endpoint.ts';
import { boundSubjectProblems, checkEndpoint, endpointFields } from './endpoint-rules/endpoint-fields.ts';
import { eachOnce } from './endpoint-rules/limits.ts';
import { lockEndpoint, revealKept, writeNext, type EndpointEdit, type EndpointWriteDeps } from './next-endpoint.ts';
import type { StoredEndpoint } from './store/endpoints.ts';
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

/** An edit of a locked endpoint, and what it is judged by. */
export interface EditInput {
  acting: Acting;
  dialect: Dialect;
  stored: StoredEndpoint;
  given: Endpoint;
  mask: readonly string[];
  /** What else is wrong with the request. */
  problems?: readonly FieldProblem[];
}

/**
 * The fields that the mask names, as they are to be written. A header whose value is `***` keeps the value it has.
 *
 * @throws Fault INVALID_FIELD, INVALID_URL, INVALID_FILTER
 */
export const checkedEdit = (
  { seal, urlPolicy }: Pick<EndpointWriteDeps, 'seal'> & { urlPolicy: EgressPolicy },
  { acting, dialect, stored, given, mask, problems = [] }: EditInput,
): EndpointEdit => {
  if (mask.some((path) => !endpointFields.has(path))) {
    throw invalidField('update_mask', `must name some of ${[...endpointFields.keys()].join(', ')}`);
  }
  const changes = changesOf(given, mask);
  const revealed = changes.headers && revealKept(changes.headers, seal.openHeaders(stored));
  const wanted = { ...stored.endpoint, ...changes, headers: revealed?.headers ?? {} };
  checkEndpoint(wanted, mask, { urlPolicy, dialectHeaders: headerNames(dialect) }, [
    ...(mask.includes('subject') ? boundSubjectProblems(given.subject, acting.subject) : []),
    ...(revealed?.problems ?? []),
    ...problems,
  ]);
  if (changes.eventTypes !== undefined) changes.eventTypes = eachOnce(changes.eventTypes);
  if (changes.retry !== undefined) changes.retry = completeRetry(changes.retry, dialect);
  return { changes: { ...changes, ...switchOf(changes, stored.endpoint) }, headers: revealed?.headers };
};

/**
 * Replaces the fields that the mask names; an empty mask changes nothing.
 *
 * @throws Fault INVALID_FIELD, INVALID_URL, INVALID_FILTER, NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const makeUpdateEndpoint =
  (deps: EndpointWriteDeps & { urlPolicy: EgressPolicy }) =>
  (acting: Acting, given: Endpoint, mask: readonly string[]): Promise<Endpoint> =>
    deps.commit(acting.tenantId, async (write) => {
      const dialect = dialectOf(await tenantOf(write.tx, acting.tenantId));
      const stored = await lockEndpoint(write, acting, given.id);
      if (mask.length === 0) return stored.endpoint;
      return await writeNext(write, deps, stored, checkedEdit(deps, { acting, dialect, stored, given, mask }));
    });
