import type { DeliveryRecord } from '@bellwire/contracts';
import type { Task } from '@bellwire/messaging';
import type { AttemptMemory } from './attempt-memory.ts';
import type { EndpointStates } from '../endpoints/endpoint-states.ts';
import type { EndpointControls } from '../endpoints/endpoint-controls.ts';
import type { HandOver } from '../admission/hand-over.ts';

export interface CancelOrderDeps {
  memory: Pick<AttemptMemory, 'end'>;
  states: Pick<EndpointStates, 'noteEnd'>;
  controls: Pick<EndpointControls, 'giveBackSlot'>;
  handOver: Pick<HandOver, 'cancel'>;
  onFailure(error: unknown): void;
}

/**
 * Follows an order to cancel a delivery: from now on nothing of its round is started, and what waits in a tier is dropped
 * when it comes back. The delivery is said to be cancelled, and the order settled, when a restart cannot forget it.
 */
export const makeFollowCancel =
  ({ memory, states, controls, handOver, onFailure }: CancelOrderDeps) =>
  (task: Task<DeliveryRecord>): void => {
    const { value: order } = task;
    const made = memory.end(order);
    if (order.slotAtMs > 0) controls.giveBackSlot(order.endpointId, order.slotAtMs);
    states
      .noteEnd({ ...order, attempt: made }, order.deadlineAtMs)
      .then(() => handOver.cancel({ task, delivery: { ...order, attempt: made + 1 } }, 'cancelled_by_user'))
      .catch(onFailure);
  };
