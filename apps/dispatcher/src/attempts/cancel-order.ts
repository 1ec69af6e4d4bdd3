import type { DeliveryRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import type { AttemptMemory } from './attempt-memory.ts';
import type { HandsOn } from './in-hand.ts';
import type { EndpointStates } from '../endpoints/endpoint-states.ts';
import type { EndpointControls } from '../endpoints/endpoint-controls.ts';
import type { HandOver } from '../admission/hand-over.ts';

export interface CancelOrderDeps {
  memory: Pick<AttemptMemory, 'end'>;
  hands: Pick<HandsOn, 'attemptsBefore'>;
  states: Pick<EndpointStates, 'noteEnd'>;
  controls: EndpointControls;
  handOver: HandOver;
}

/**
 * Follows an order to cancel a delivery: from now on nothing of its round is started, and what waits in a tier is dropped
 * when it comes back. The delivery is said to be cancelled, and the order settled, when a restart cannot forget it.
 */
export const makeFollowCancel =
  ({ memory, hands, states, controls, handOver }: CancelOrderDeps) =>
  (task: Task<DeliveryRecord>): void => {
    const { value: order } = task;
    const ofRound = hands.attemptsBefore({ deliveryId: order.deliveryId, round: order.round + 1 });
    const made = Math.max(ofRound, order.attempt - 1);
    memory.end({ ...order, attempt: made });
    const ends = { ...task, moveOn: () => task.settle() };
    const inHand = { task, delivery: { ...order, attempt: made + 1 }, ...ends };
    if (order.slotAtMs > 0) controls.giveBackSlot(order.endpointId, order.slotAtMs);
    states
      .noteEnd({ ...order, attempt: made }, order.deadlineAtMs)
      .then(() => handOver.cancel(inHand, 'cancelled_by_user'))
      .catch(task.fail);
  };
