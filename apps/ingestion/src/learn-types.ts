import { LRUCache } from 'lru-cache';
import { toFault, type FaultKind } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';

/** Tells registry of event types that were met first, behind the publisher's back: never fails, never waits. */
export interface TypeLearner {
  learn(tenantId: string, name: string): void;
  close(): void;
}

export interface TypeLearnerOptions {
  /** Calls registry. */
  learnEventTypes(tenantId: string, names: readonly string[]): Promise<void>;
  log: Logger;
  /** Types that are remembered as told or waiting; what falls out is told again when it is met. @default 10000 */
  maxRemembered?: number;
  /** Wait after a failure, in milliseconds; doubled up to ten seconds. @default 1000 */
  retryMs?: number;
}

const maxRetryMs = 10_000;
// Whatever else registry says, it will say again.
const passing: ReadonlySet<FaultKind> = new Set(['unavailable', 'timeout', 'exhausted', 'internal']);
// Well below the largest message, and enough that a publisher with many types is told in a few calls.
const maxNamesInCall = 200;

export const makeTypeLearner = (options: TypeLearnerOptions): TypeLearner => {
  const { learnEventTypes, log, maxRemembered = 10_000, retryMs = 1000 } = options;
  const waiting = new Map<string, Set<string>>();
  const remembered = new LRUCache<string, true>({
    max: maxRemembered,
    // What is forgotten before it was told is not waiting any more: the bound of one is the bound of both.
    dispose: (_value, known) => {
      const [tenantId = '', name = ''] = known.split('/');
      waiting.get(tenantId)?.delete(name);
    },
  });
  let timer: NodeJS.Timeout | undefined;
  let isTelling = false;
  const closing = new AbortController();

  const tellOf = async (tenantId: string, names: Set<string>): Promise<void> => {
    while (names.size > 0 && !closing.signal.aborted) {
      const told = [...names].slice(0, maxNamesInCall);
      await learnEventTypes(tenantId, told);
      for (const name of told) names.delete(name);
    }
    waiting.delete(tenantId);
  };

  const tell = async (waitMs: number): Promise<void> => {
    isTelling = true;
    // A tenant that is added meanwhile has its turn too.
    for (const [tenantId, names] of waiting) {
      await tellOf(tenantId, names).catch((error: unknown) => {
        log.warn({ err: error, tenant_id: tenantId, types: names.size }, 'event_types.not_learned');
        if (!passing.has(toFault(error).kind)) waiting.delete(tenantId);
      });
    }
    isTelling = false;
    if (waiting.size > 0) schedule(waitMs, Math.min(waitMs * 2, maxRetryMs));
  };

  const schedule = (afterMs: number, nextWaitMs: number): void => {
    if (closing.signal.aborted || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void tell(nextWaitMs);
    }, afterMs);
    timer.unref();
  };

  return {
    learn: (tenantId, name) => {
      const known = `${tenantId}/${name}`;
      if (closing.signal.aborted || remembered.has(known)) return;
      remembered.set(known, true);
      const names = waiting.get(tenantId) ?? new Set();
      waiting.set(tenantId, names.add(name));
      if (!isTelling) schedule(0, retryMs);
    },
    close: () => {
      closing.abort();
      clearTimeout(timer);
    },
  };
};
