import { RegistryChange, type EndpointState } from '@bellwire/contracts';
import type { LogRecord } from '@bellwire/messaging';
import { endpointChangeKey } from '@bellwire/registry-view';
import type { Known } from '../load/receivers.ts';

/** What waits in memory when the limit of its endpoint is lowered may start by the old one for so long. */
const limitLagMs = 10_000;

interface KnownEndpoint {
  state: EndpointState | undefined;
  limits: { atMs: number; limit: number }[];
}

/** What one process has been told of registry, beside its own view: the oracle trusts nothing that it tests. */
export const openKnownRegistry = (
  nowMs: () => number,
  defaultLimit: number,
): Known & { tell(batch: readonly LogRecord[]): void } => {
  const endpoints = new Map<string, KnownEndpoint>();

  const learn = (key: string, state: EndpointState | undefined): void => {
    const known = endpoints.get(key) ?? { state, limits: [] };
    endpoints.set(key, known);
    known.state = state;
    known.limits.push({ atMs: nowMs(), limit: state?.endpoint?.maxConcurrency || defaultLimit });
  };

  return {
    tell(batch) {
      for (const { key, value } of batch) {
        const state = value === null ? undefined : RegistryChange.decode(value).state;
        if (state === undefined) learn(key, undefined);
        else if (state.$case === 'endpoint') learn(key, state.value);
      }
    },
    endpoint: (endpointId) => endpoints.get(endpointChangeKey(endpointId))?.state,
    mostAtOnce(endpointId) {
      const { limits = [] } = endpoints.get(endpointChangeKey(endpointId)) ?? {};
      const ended = (at: number): number => limits[at + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      const recent = limits.filter((_each, at) => ended(at) > nowMs() - limitLagMs);
      return Math.max(...recent.map(({ limit }) => limit));
    },
  };
};
