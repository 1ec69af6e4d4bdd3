import { DeliveryRecord, type EndpointState } from '@bellwire/contracts';
import { tierFor, type Clock, type DeliveryReason, type Tier } from '@bellwire/domain';
import { startWorker, topicNames, type Log, type NewRecord, type Task, type Worker } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Admission, Slot } from '../admission.ts';
import type { AttemptDelivery } from '../attempt-delivery.ts';
import type { AttemptMemory } from '../attempt-memory.ts';
import type { CompiledEndpoint, CompileEndpoint } from '../compiled-endpoint.ts';
import type { Insist } from '../insist.ts';
import type { Append } from '../ports.ts';
import { deadLetterRecord, toTier, transitionRecord } from '../records.ts';

export interface DeliverDeps {
  eventLog: Log;
  view: Pick<RegistryView, 'endpoint' | 'position' | 'reached'>;
  compileEndpoint: CompileEndpoint;
  admission: Admission;
  memory: AttemptMemory;
  attemptDelivery: AttemptDelivery;
  append: Append;
  insist: Insist;
  clock: Clock;
  tiers: readonly Tier[];
  /** Requests in flight to one endpoint that sets no limit. */
  maxConcurrency: number;
  /** Told of an endpoint that this version, or this master key, cannot read: its deliveries are held. */
  onUnreadable(state: EndpointState, error: unknown): void;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
}

/** Waits that an edit can end hop at most this long at a time, so that the edit takes effect soon. */
const longestHopMs = 30 * 60 * 1000;
const firstHopMs = 60 * 1000;

/**
 * deliveries → receivers. Each record is started at once, waits a moment in memory, or is handed to a tier with a
 * reason; the partition goes on meanwhile. A record is settled once its next step is on the log.
 */
export const startDeliverer = (deps: DeliverDeps): Promise<Worker> => {
  const {
    eventLog,
    view,
    compileEndpoint,
    admission,
    memory,
    attemptDelivery,
    append,
    insist,
    clock,
    tiers,
    onFailure,
  } = deps;

  const finish = (task: Task<DeliveryRecord>, records: readonly NewRecord[]): void => {
    append(records).then(task.settle, onFailure);
  };

  /** Out of the pipeline, or into a tier, without an attempt: with the transition that says so. */
  const handOver = (
    task: Task<DeliveryRecord>,
    delivery: DeliveryRecord,
    to: { status: 'cancelled' | 'held' | 'pending'; reason: DeliveryReason; hopMs?: number },
  ): void => {
    const { headers } = task.record;
    const atMs = clock.now();
    const attemptCount = delivery.attempt - 1;
    memory.giveBack(delivery);
    if (to.hopMs === undefined) {
      return finish(task, [transitionRecord(delivery, { ...to, attemptCount, atMs }, headers)]);
    }
    const dueAtMs = atMs + to.hopMs;
    const waiting = { ...delivery, dueAtMs, waitReason: to.reason, spills: delivery.spills + 1 };
    const tier = toTier(tiers, waiting, atMs, headers);
    const isNews = to.status === 'held' && delivery.waitReason !== to.reason;
    finish(task, isNews ? [tier, transitionRecord(delivery, { ...to, attemptCount, atMs }, headers)] : [tier]);
  };

  const pastDeadline = (task: Task<DeliveryRecord>, delivery: DeliveryRecord): void => {
    const { headers } = task.record;
    const facts = { reason: 'deadline', attemptCount: delivery.attempt - 1, atMs: clock.now() } as const;
    finish(task, [
      deadLetterRecord(delivery, facts, headers),
      transitionRecord(delivery, { ...facts, status: 'dead_lettered' }, headers),
    ]);
  };

  const attempt = (
    task: Task<DeliveryRecord>,
    delivery: DeliveryRecord,
    endpoint: CompiledEndpoint,
    slot: Slot,
  ): void => {
    const { headers } = task.record;
    attemptDelivery({ delivery, endpoint, headers, onEnded: slot.release }).then(task.settle, onFailure);
  };

  const readable = (state: EndpointState): CompiledEndpoint | undefined => {
    try {
      return compileEndpoint(state);
    } catch (error) {
      deps.onUnreadable(state, error);
      return undefined;
    }
  };

  /** The view is known to be as far as the writer of the record was. */
  const admit = (task: Task<DeliveryRecord>): void => {
    const number = memory.take(task.value);
    if (number === undefined) return task.settle();
    const first = number - task.value.attempt + task.value.roundFirstAttempt;
    const delivery = { ...task.value, attempt: number, roundFirstAttempt: first };
    const state = view.endpoint(delivery.endpointId);
    if (state === undefined) return handOver(task, delivery, { status: 'cancelled', reason: 'endpoint_deleted' });
    const endpoint = readable(state);
    if (endpoint?.isEnabled !== true) {
      const hopMs = Math.min(firstHopMs * 2 ** Math.min(delivery.spills, 10), longestHopMs);
      const reason = endpoint === undefined ? 'endpoint_unreadable' : 'endpoint_disabled';
      return handOver(task, delivery, { status: 'held', reason, hopMs });
    }
    if (clock.now() > delivery.deadlineAtMs) return pastDeadline(task, delivery);
    admission.admit({
      endpointId: endpoint.id,
      maxConcurrency: endpoint.maxConcurrency ?? deps.maxConcurrency,
      start: (slot) => attempt(task, delivery, endpoint, slot),
      spill: (waitMs) => {
        const hopMs = tierFor(tiers, Math.min(waitMs, longestHopMs)).delayMs;
        handOver(task, delivery, { status: 'pending', reason: 'saturated', hopMs });
      },
    });
  };

  const handle = (tasks: readonly Task<DeliveryRecord>[]): void => {
    for (const task of tasks) {
      const { registryPosition } = task.value;
      if (registryPosition <= view.position()) admit(task);
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
    decode: (bytes) => DeliveryRecord.decode(bytes),
    handle,
    onFailure: deps.onRetry,
  });
};
