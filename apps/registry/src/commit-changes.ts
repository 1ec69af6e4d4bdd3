import type { RegistryView } from '@bellwire/registry-view';
import { Fault } from '@bellwire/errors';
import { fitsRecord, topicNames, traceHeaders } from '@bellwire/messaging';
import type { Publisher } from './publish-changes.ts';
import { addToOutbox, pendingInOutbox, type NewChange } from './store/outbox.ts';
import type { Store } from './store/open-store.ts';
import type { Tx } from './store/schema.ts';

/** A write under way. */
export interface Write {
  tx: Tx;
  /**
   * Puts new states into the outbox. First lock, or write, the rows that they are states of.
   *
   * @throws Fault RECORD_TOO_LARGE: in the outbox it would keep all that comes after it waiting for ever
   */
  announce: (...changes: readonly NewChange[]) => Promise<void>;
  /**
   * For a write that finds its work done: an earlier one may have committed it and not reached the log, so the call
   * waits for what is still on its way for these keys.
   */
  awaitEarlier: (...keys: readonly string[]) => Promise<void>;
}

/**
 * Runs a write in one transaction of one tenant, with its states in the outbox; resolves once the log has them, so that
 * whoever asks the log for its end afterwards sees them. The view of this process, if it is well, has them then, too.
 *
 * @throws Fault LOG_UNAVAILABLE although the rows are committed: the relay publishes them when the log is back. The
 *   same for DATABASE_UNAVAILABLE, where Postgres was lost between commit and publishing.
 */
export type Commit = <Result>(tenantId: string, write: (write: Write) => Promise<Result>) => Promise<Result>;

export interface CommitDeps {
  store: Pick<Store, 'inTenant'>;
  publisher: Pick<Publisher, 'published'>;
  view: Pick<RegistryView, 'reached' | 'catchUp'>;
}

const checkFits = (change: NewChange, headers: Record<string, string>): void => {
  if (fitsRecord({ topic: topicNames.registryChanges, ...change, headers })) return;
  throw new Fault('RECORD_TOO_LARGE', 'All of it together is too large to be kept.');
};

/** How long a write waits for the view of its own process, which is a courtesy. */
const viewWaitMs = 1000;

export const makeCommit =
  ({ store, publisher, view }: CommitDeps): Commit =>
  async (tenantId, write) => {
    const ids: number[] = [];
    const result = await store.inTenant(tenantId, (tx) =>
      write({
        tx,
        announce: async (...changes) => {
          const headers = traceHeaders();
          for (const change of changes) checkFits(change, headers);
          ids.push(...(await addToOutbox(tx, tenantId, changes, headers)));
        },
        awaitEarlier: async (...keys) => {
          ids.push(...(await pendingInOutbox(tx, tenantId, keys)));
        },
      }),
    );
    if (ids.length === 0) return result;
    const position = await publisher.published(ids);
    const seen = position === undefined ? view.catchUp(viewWaitMs) : view.reached(position, viewWaitMs);
    await seen.catch(() => undefined);
    return result;
  };
