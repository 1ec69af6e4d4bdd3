import type { Acting } from '@bellwire/domain';
import type { Commit } from './commit-changes.ts';
import { lockEndpoint } from './next-endpoint.ts';
import { endpointDeleted } from './registry-change.ts';
import { deleteEndpoint } from './store/endpoints.ts';

/** With its secrets; on the log it leaves a tombstone. @throws Fault NOT_FOUND, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE */
export const makeDeleteEndpoint =
  ({ commit }: { commit: Commit }) =>
  (acting: Acting, id: string): Promise<void> =>
    commit(acting.tenantId, async (write) => {
      await deleteEndpoint(write.tx, await lockEndpoint(write, acting, id));
      await write.announce(endpointDeleted(id));
    });
