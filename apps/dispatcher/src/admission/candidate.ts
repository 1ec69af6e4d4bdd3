import type { AttemptOutcome, Clock } from '@bellwire/domain';
import type { AttemptDelivery } from '../attempts/attempt-delivery.ts';
import type { HandsOn, InHand } from '../attempts/in-hand.ts';
import type { Admission, Candidate, Slot } from './admission.ts';
import type { CompiledEndpoint } from '../endpoints/compiled-endpoint.ts';
import { healthOf } from '../endpoints/endpoint-control.ts';
import type { EndpointControls } from '../endpoints/endpoint-controls.ts';
import type { HandOver } from './hand-over.ts';
import type { Receive } from './reception.ts';

export interface CandidateDeps {
  admission: Pick<Admission, 'turnAfter'>;
  controls: EndpointControls;
  hands: Pick<HandsOn, 'isOver' | 'begin'>;
  receive: Receive;
  attemptDelivery: AttemptDelivery;
  handOver: HandOver;
  clock: Clock;
  /** Requests in flight to one endpoint that sets no limit. */
  maxConcurrency: number;
}

/** A delivery whose endpoint takes deliveries, as admission sees it; undefined where it waits for the endpoint's breaker. */
export const makeCandidateOf = (deps: CandidateDeps) => {
  const { admission, controls, hands, receive, attemptDelivery, handOver, clock } = deps;
  const lineOf = ({ id: endpointId, maxConcurrency = deps.maxConcurrency }: CompiledEndpoint) => ({
    endpointId,
    maxConcurrency,
  });

  /** Back when the breaker lets a probe through, and as much later as its turn in the backlog takes. */
  const waitForBreaker = (inHand: InHand, endpoint: CompiledEndpoint, untilMs: number): void => {
    const { spills } = inHand.delivery;
    const nowMs = clock.now();
    const waitMs = admission.turnAfter({ ...lineOf(endpoint), spills }, untilMs - nowMs);
    handOver.waitUntil(inHand, 'breaker_open', nowMs + waitMs);
  };

  const attempt = (inHand: InHand, endpoint: CompiledEndpoint, slot: Slot): void => {
    const { task, delivery } = inHand;
    hands.begin(inHand);
    const startedAtMs = clock.now();
    let hasEnded = false;
    const onEnded = (result: AttemptOutcome): void => {
      hasEnded = true;
      controls.after(endpoint, result, startedAtMs);
      const health = healthOf(result);
      slot.ended({ durationMs: result.durationMs, isTrouble: health === 'failure' || health === 'unreachable' });
    };
    const onBug = (error: unknown): void => {
      if (!hasEnded) {
        controls.abandon(endpoint.id);
        slot.ended();
      }
      slot.committed();
      inHand.fail(error);
    };
    const input = { delivery, endpoint, headers: task.record.headers, mayBeTwice: task.mayBeTwice, onEnded };
    attemptDelivery(input).then(() => inHand.settle(slot.committed), onBug);
  };

  /** Takes what a request needs; undefined where it has to wait for that, or is skipped. */
  const begin = (inHand: InHand, endpoint: CompiledEndpoint): ((slot: Slot) => void) | undefined => {
    // Cancelled, or superseded by a redelivery, while it waited.
    if (hands.isOver(inHand)) return undefined;
    const claim = controls.claim(endpoint, inHand.delivery);
    if (claim.kind === 'go') return (slot) => attempt(inHand, endpoint, slot);
    if (claim.kind === 'skip') handOver.skip(inHand, claim.reason);
    else if (claim.reason === 'breaker_open') waitForBreaker(inHand, endpoint, claim.untilMs);
    else handOver.waitUntil(inHand, claim.reason, claim.untilMs, claim.slotAtMs);
    return undefined;
  };

  /** Admission has others in hand: a bug in one is that one's. */
  const guarded = <Result>(inHand: InHand, work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      inHand.fail(error);
      return undefined;
    }
  };

  return (inHand: InHand, endpoint: CompiledEndpoint): Candidate | undefined => {
    const { delivery } = inHand;
    const openUntilMs = controls.openUntil(endpoint);
    if (openUntilMs !== undefined) {
      waitForBreaker(inHand, endpoint, openUntilMs);
      return undefined;
    }
    return {
      ...lineOf(endpoint),
      tenantId: endpoint.tenantId,
      isRetry: delivery.attempt > delivery.roundFirstAttempt,
      bytes: inHand.task.record.value?.length ?? 0,
      spills: delivery.spills,
      isCurrent: inHand.task.isCurrent,
      release: inHand.release,
      begin: (hasWaited) => {
        if (!inHand.task.isCurrent()) {
          inHand.release();
          return undefined;
        }
        return guarded(inHand, () => {
          // An edit takes effect at once on what waits in memory.
          const present = hasWaited ? receive(inHand) : endpoint;
          return present && begin(inHand, present);
        });
      },
      spill: (waitMs) => guarded(inHand, () => handOver.spill(inHand, waitMs)),
    };
  };
};
