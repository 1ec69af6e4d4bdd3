import type { EndpointState } from '@bellwire/contracts';
import type { DisableReason, FailingStreak, OperationalEvents } from '../telling/operational-events.ts';
import type { Append, DisableEndpoint } from '../ports.ts';

export interface SwitchOffDeps {
  disableEndpoint: DisableEndpoint;
  events: Pick<OperationalEvents, 'endpointDisabled'>;
  append: Append;
  /** The log could not be told: the service is stopping. */
  onFailure(error: unknown): void;
}

/**
 * Disables an endpoint behind its tenant's back, and tells the tenant once registry has done it. One question at a time for
 * each endpoint; where registry cannot be reached nothing is told, and the next occasion asks again.
 */
export const makeSwitchOff = ({ disableEndpoint, events, append, onFailure }: SwitchOffDeps) => {
  const asking = new Set<string>();

  const ask = async (state: EndpointState, reason: DisableReason, streak?: FailingStreak): Promise<void> => {
    if (await disableEndpoint(state, reason)) await append(events.endpointDisabled(state, reason, streak));
  };

  return (state: EndpointState, reason: DisableReason, streak?: FailingStreak): void => {
    const { endpoint } = state;
    if (endpoint === undefined || !endpoint.enabled || asking.has(endpoint.id)) return;
    asking.add(endpoint.id);
    ask(state, reason, streak)
      .catch(onFailure)
      .finally(() => asking.delete(endpoint.id));
  };
};

export type SwitchOff = ReturnType<typeof makeSwitchOff>;
