import { DeliveryRecord, type EndpointState } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { startWorker, topicNames, type Log, type Task, type Worker } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Admission, Slot } from '../admission.ts';
import type { AttemptDelivery } from '../attempt-delivery.ts';
import type { AttemptMemory } from '../attempt-memory.ts';
import { makeFollowCancel } from '../cancel-order.ts';
import type { CompiledEndpoint, CompileEndpoint } from '../compiled-endpoint.ts';
import type { EndpointStates } from '../endpoint-states.ts';
import type { HandOver, InHand } from '../hand-over.ts';
import type { Insist } from '../insist.ts';

export interface DeliverDeps {
  eventLog: Log;
  view: Pick<RegistryView, 'endpoint' | 'position' | 'reached'>;
  compileEndpoint: CompileEndpoint;
  admission: Admission;
  memory: AttemptMemory;
  attemptDelivery: AttemptDelivery;
  handOver: HandOver;
  states: Pick<EndpointStates, 'prepare' | 'noteEnd'>;
  insist: Insist;
  clock: Clock;
  /** Requests in flight to one endpoint that sets no limit. */
  maxConcurrency: number;
  /** Told of an endpoint that this version, or this master key, cannot read: its deliveries are held. */
  onUnreadable(state: EndpointState, error: unknown): void;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
}

/**
 * deliveries → receivers. Each record is started at once, waits a moment in memory, or is handed to a tier with a
 * reason; the partition goes on meanwhile. A record is settled once its next step is on the log.
 */
export const startDeliverer = (deps: DeliverDeps): Promise<Worker> => {
  const { eventLog, view, admission, memory, attemptDelivery, handOver, insist, clock, onFailure } = deps;

  const followCancel = makeFollowCancel(deps);

  const readable = (state: EndpointState): CompiledEndpoint | undefined => {
    try {
      return deps.compileEndpoint(state);
    } catch (error) {
      deps.onUnreadable(state, error);
      return undefined;
    }
  };

  const attempt = ({ task, delivery }: InHand, endpoint: CompiledEndpoint, slot: Slot): void => {
    // Its partition has moved, or we are stopping: the next owner has it. Not at once, for this may be called in a loop.
    if (!task.isCurrent()) {
      return queueMicrotask(() => {
        slot.ended();
        slot.committed();
      });
    }
    // Cancelled or superseded while it waited in memory.
    if (!memory.start(delivery)) {
      return queueMicrotask(() => {
        slot.ended();
        task.settle(slot.committed);
      });
    }
    const { headers } = task.record;
    attemptDelivery({ delivery, endpoint, headers, onEnded: slot.ended }).then(
      () => task.settle(slot.committed),
      onFailure,
    );
  };

  /** The record with the attempt number under which it goes on; undefined where it is stale. */
  const inHandOf = (task: Task<DeliveryRecord>): InHand | undefined => {
    const number = memory.take(task.value);
    if (number === undefined) return undefined;
    const raisedBy = number - task.value.attempt;
    const roundFirstAttempt = task.value.roundFirstAttempt + raisedBy;
    return { task, delivery: { ...task.value, attempt: number, roundFirstAttempt } };
  };

  /** The view is known to be as far as the writer of the record was. */
  const admit = (task: Task<DeliveryRecord>): void => {
    const inHand = inHandOf(task);
    if (inHand === undefined) return task.settle();
    const state = view.endpoint(inHand.delivery.endpointId);
    if (state === undefined) return handOver.cancel(inHand, 'endpoint_deleted');
    const endpoint = readable(state);
    if (endpoint === undefined) return handOver.hold(inHand, 'endpoint_unreadable');
    if (!endpoint.isEnabled) return handOver.hold(inHand, 'endpoint_disabled');
    if (endpoint.isTestMode) return handOver.hold(inHand, 'test_mode');
    if (clock.now() > inHand.delivery.deadlineAtMs) return handOver.pastDeadline(inHand);
    admission.admit({
      endpointId: endpoint.id,
      maxConcurrency: endpoint.maxConcurrency ?? deps.maxConcurrency,
      start: (slot) => attempt(inHand, endpoint, slot),
      spill: (waitMs) => handOver.spill(inHand, waitMs),
    });
  };

  const handle = (tasks: readonly Task<DeliveryRecord>[]): void => {
    for (const task of tasks) {
      const { registryPosition } = task.value;
      if (task.value.cancel) followCancel(task);
      else if (registryPosition <= view.position()) admit(task);
      else
        insist('registry view', () => view.reached(registryPosition))
          .then(() => admit(task))
          .catch(onFailure);
    }
  };

  return startWorker({
    log: eventLog,
    topics: [topicNames.deliveries],
    group: 'deliverer',
    paceMs: 3,
    decode: (bytes) => DeliveryRecord.decode(bytes),
    handle,
    prepare: deps.states.prepare,
    onFailure: deps.onRetry,
  });
};
