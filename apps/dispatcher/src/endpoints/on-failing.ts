import type { EndpointState } from '@bellwire/contracts';
import type { FailingStreak, OperationalEvents } from '../telling/operational-events.ts';
import type { Append } from '../ports.ts';
import type { SwitchOff } from './switch-off.ts';

export interface OnFailingDeps {
  events: Pick<OperationalEvents, 'endpointFailing'>;
  append: Append;
  switchOff: SwitchOff;
  /** The log could not be told: the service is stopping. */
  onFailure(error: unknown): void;
}

/** Warns the tenant of an endpoint that goes on failing, and in the end disables it with reason `failing`. */
export const makeOnFailing =
  ({ events, append, switchOff, onFailure }: OnFailingDeps) =>
  (state: EndpointState, streak: FailingStreak, step: 'warn' | 'disable'): void => {
    if (step === 'warn') append(events.endpointFailing(state, streak)).catch(onFailure);
    else switchOff(state, 'failing', streak);
  };
