import type { Endpoint } from '@bellwire/contracts';
import type { Acting } from '@bellwire/domain';
import { invalidFields } from '@bellwire/errors';
import { endpointChangeKey } from '@bellwire/registry-view';
import { lockEndpoint, writeNext, type EndpointWriteDeps } from './next-endpoint.ts';
import { textProblems } from './text-rules.ts';

/** Why an endpoint is disabled that a person has disabled. */
export const requestedByUser = 'requested_by_user';

/**
 * Enabling clears the reason; disabling keeps the first one. Where it already stands as asked nothing changes.
 *
 * @throws Fault NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
const switchTo = (
  deps: EndpointWriteDeps,
  acting: Acting,
  id: string,
  to: Pick<Endpoint, 'enabled' | 'disabledReason'>,
) =>
  deps.commit(acting.tenantId, async (write) => {
    const stored = await lockEndpoint(write, acting, id);
    if (stored.endpoint.enabled !== to.enabled) return await writeNext(write, deps, stored, { changes: to });
    await write.awaitEarlier(endpointChangeKey(id));
    return stored.endpoint;
  });

export const makeEnableEndpoint =
  (deps: EndpointWriteDeps) =>
  (acting: Acting, id: string): Promise<Endpoint> =>
    switchTo(deps, acting, id, { enabled: true, disabledReason: '' });

/** @param reason empty: requested_by_user; the dispatcher says gone after a 410, failing where nothing else came for long */
export const makeDisableEndpoint =
  (deps: EndpointWriteDeps) =>
  async (acting: Acting, id: string, reason: string): Promise<Endpoint> => {
    const problems = textProblems('reason', reason, { max: 200 });
    if (problems.length > 0) throw invalidFields(problems);
    return await switchTo(deps, acting, id, {
      enabled: false,
      disabledReason: reason === '' ? requestedByUser : reason,
    });
  };
