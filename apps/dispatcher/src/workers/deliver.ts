import { DeliveryRecord } from '@bellwire/contracts';
import { eachTask, groupNames, startWorker, topicNames, type Log, type Task, type Worker } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Admission } from '../admission/admission.ts';
import { makeFollowCancel, type CancelOrderDeps } from '../attempts/cancel-order.ts';
import { makeEndPutAside } from '../attempts/end-put-aside.ts';
import type { HandsOn } from '../attempts/in-hand.ts';
import { makeCandidateOf, type CandidateDeps } from '../admission/candidate.ts';
import type { EndpointStates } from '../endpoints/endpoint-states.ts';
import { deliveriesWindow } from '../admission/window.ts';
import type { WorkerCare } from '../dispatcher-deps.ts';
import type { Insist } from '../writing/insist.ts';
import { makeReceive, type ReceptionDeps } from '../admission/reception.ts';

export interface DeliverDeps extends ReceptionDeps, Omit<CancelOrderDeps, 'states'>, Omit<CandidateDeps, 'receive'> {
  eventLog: Log;
  view: Pick<RegistryView, 'endpoint' | 'position' | 'reached'>;
  admission: Admission;
  hands: HandsOn;
  states: Pick<EndpointStates, 'prepare' | 'noteEnd' | 'flush' | 'forget'>;
  insist: Insist;
  /** Deliveries that are started and not committed yet. */
  maxInFlight: number;
  care: WorkerCare;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** See WorkerOptions. */
  onUnclean(): void;
}

/** Where so much of what may be in flight waits for a commit only, it is made at once: others wait for its room. */
const hurryShare = 0.25;

/**
 * deliveries → receivers. Each record is started at once, waits a moment in memory, or is handed to a tier with a
 * reason; the partition goes on meanwhile. A record is settled once its next step is on the log. What waits in memory is
 * given back when its partition moves away, or when we stop.
 */
export const startDeliverer = (deps: DeliverDeps): Promise<Worker> => {
  const { eventLog, view, admission, hands, states, insist, maxInFlight } = deps;
  const followCancel = makeFollowCancel(deps);
  const receive = makeReceive(deps);
  const candidateOf = makeCandidateOf({ ...deps, receive });

  /** Those of which the writer was further than the view is. */
  const awaitingView = new Set<Task<DeliveryRecord>>();

  /** The view is known to be as far as the writer of the record was. */
  const admit = (task: Task<DeliveryRecord>): void => {
    if (!task.isCurrent()) return task.release();
    const inHand = hands.take(task, admit);
    if (inHand === undefined) return;
    try {
      const endpoint = receive(inHand);
      const candidate = endpoint && candidateOf(inHand, endpoint);
      if (candidate !== undefined) admission.admit(candidate);
    } catch (error) {
      inHand.fail(error);
    }
  };

  const take = (task: Task<DeliveryRecord>): void => {
    const { registryPosition } = task.value;
    if (task.value.cancel) return followCancel(task);
    if (registryPosition <= view.position()) return admit(task);
    awaitingView.add(task);
    insist('registry view', () => view.reached(registryPosition))
      .then(() => awaitingView.delete(task) && admit(task))
      .catch(task.fail);
  };

  const letGo = (): void => {
    admission.letGo();
    hands.letGo();
    for (const task of awaitingView)
      if (!task.isCurrent()) {
        awaitingView.delete(task);
        task.release();
      }
  };

  return startWorker({
    log: eventLog,
    topics: [topicNames.deliveries],
    group: groupNames.deliverer,
    paceMs: 3,
    hurryAfter: maxInFlight * hurryShare,
    decode: (bytes) => DeliveryRecord.decode(bytes),
    window: deliveriesWindow,
    handle: eachTask(take),
    letGo,
    prepare: states.prepare,
    conclude: states.flush,
    forget: states.forget,
    ...deps.care,
    afterLetter: makeEndPutAside(deps),
    onUnclean: deps.onUnclean,
    onFailure: deps.onRetry,
  });
};
