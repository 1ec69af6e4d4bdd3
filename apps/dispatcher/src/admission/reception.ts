import type { EndpointState } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import type { RegistryView } from '@bellwire/registry-view';
import type { CompiledEndpoint, CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { InHand } from '../attempts/in-hand.ts';
import type { HandOver } from './hand-over.ts';

export interface ReceptionDeps {
  view: Pick<RegistryView, 'endpoint'>;
  compileEndpoint: CompileEndpoint;
  handOver: HandOver;
  clock: Clock;
  /** By it a deadline passes. @default clock */
  expiryClock?: Clock;
  /** Told of an endpoint that this version, or this master key, cannot read: its deliveries are held. */
  onUnreadable(state: EndpointState, error: unknown): void;
}

const dropped = (_done: void): undefined => undefined;

/**
 * The endpoint of a delivery as it is now, if it takes deliveries at this moment. Undefined where it does not: then the
 * delivery has been cancelled, held or skipped, with the reason.
 */
export const makeReceive = (deps: ReceptionDeps) => {
  const { view, compileEndpoint, handOver, clock, expiryClock = clock, onUnreadable } = deps;
  const readable = (state: EndpointState): CompiledEndpoint | undefined => {
    try {
      return compileEndpoint(state);
    } catch (error) {
      onUnreadable(state, error);
      return undefined;
    }
  };

  const outsideQuietHours = (inHand: InHand, endpoint: CompiledEndpoint): CompiledEndpoint | undefined => {
    const { delivery } = inHand;
    const untilMs = endpoint.quietUntil(clock.now());
    if (untilMs === undefined) return endpoint;
    // A retry was owed before: it waits.
    const isFirst = delivery.attempt === delivery.roundFirstAttempt;
    if (endpoint.quietHours?.mode === 'skip' && isFirst) return dropped(handOver.skip(inHand, 'quiet_hours'));
    return dropped(handOver.waitUntil(inHand, 'quiet_hours', untilMs));
  };

  return (inHand: InHand): CompiledEndpoint | undefined => {
    const state = view.endpoint(inHand.delivery.endpointId);
    if (state === undefined) return dropped(handOver.cancel(inHand, 'endpoint_deleted'));
    // However long it was held: no delivery hops for ever.
    if (expiryClock.now() > inHand.delivery.deadlineAtMs) return dropped(handOver.pastDeadline(inHand));
    const endpoint = readable(state);
    if (endpoint === undefined) return dropped(handOver.hold(inHand, 'endpoint_unreadable'));
    if (!endpoint.isEnabled) return dropped(handOver.hold(inHand, 'endpoint_disabled'));
    if (endpoint.isTestMode) return dropped(handOver.hold(inHand, 'test_mode'));
    return outsideQuietHours(inHand, endpoint);
  };
};

export type Receive = ReturnType<typeof makeReceive>;
