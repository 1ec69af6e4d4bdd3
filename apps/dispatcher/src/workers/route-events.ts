import { setTimeout as sleep } from 'node:timers/promises';
import { context, SpanKind, trace } from '@opentelemetry/api';
import { EventRecord } from '@bellwire/contracts';
import {
  contextOfHeaders,
  groupNames,
  startWorker,
  topicNames,
  traceHeaders,
  type Log,
  type Task,
  type Worker,
} from '@bellwire/messaging';
import { Fault } from '@bellwire/errors';
import type { RegistryView } from '@bellwire/registry-view';
import type { Plan } from '../planning/plan-deliveries.ts';
import type { Append } from '../ports.ts';
import { makeRepeatedEvents } from './repeated-events.ts';

export interface RouteEventsDeps {
  eventLog: Log;
  view: Pick<RegistryView, 'catchUp'>;
  planDeliveries(event: EventRecord, headers: Readonly<Record<string, string>>): Plan;
  append: Append;
  /** Runs until it succeeds or the service stops. */
  insist: <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;
  /** Something failed and is tried again. */
  onRetry(error: unknown): void;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
  /** A record was dropped that repeats one which is routed. */
  onDropped(reason: 'repeated_event'): void;
}

/** Most events that are planned between two writes: bounds the memory of their deliveries. */
const batchSize = 500;

/** So often it is asked whether the group has heard of us again. */
const unheardMs = 100;

/**
 * events → deliveries. Before a batch is matched the view catches up with registry, so that an endpoint whose create
 * call has returned gets every event that was published after it. While one batch is planned and written the next
 * gathers. Repeats of a keyed event are routed once. Nothing waits for a payload template but the deliveries that it is for.
 */
export const startRouter = async (deps: RouteEventsDeps): Promise<Worker> => {
  const { eventLog, view, planDeliveries, append, insist, onFailure, onDropped } = deps;
  let waiting: Task<EventRecord>[] = [];
  const repeats = makeRepeatedEvents(() => onDropped('repeated_event'));
  let isRouting = false;

  const planOne = ({ value: event, record }: Task<EventRecord>): Plan => {
    const tracer = trace.getTracer('bellwire');
    const parent = contextOfHeaders(record.headers);
    const attributes = {
      'messaging.operation.type': 'process',
      'webhook.event.id': event.eventId,
      'webhook.tenant.id': event.tenantId,
    };
    const span = tracer.startSpan('process events', { kind: SpanKind.CONSUMER, attributes }, parent);
    try {
      return context.with(trace.setSpan(parent, span), () => planDeliveries(event, traceHeaders()));
    } finally {
      span.end();
    }
  };

  /** Whether the part of a plan that waits for templates was written; else we are stopping, and the next owner plans it again. */
  const writeLater = (later: Plan['later']): Promise<boolean> | undefined =>
    later?.then(append).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Fault && error.reason === 'STOPPING')) onFailure(error);
        return false;
      },
    );

  let worker: Worker | undefined;
  /** While our partitions may be another's nothing is routed. */
  const heard = async (): Promise<void> => {
    while (worker?.isHeard() === false) await sleep(unheardMs);
  };

  const routeWaiting = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchSize);
      await insist('registry position', () => view.catchUp());
      await heard();
      const tasks = batch.filter((task) => {
        // It may have moved away meanwhile.
        if (!task.isCurrent()) task.release();
        return task.isCurrent() && repeats.isFirst(task);
      });
      const plans = tasks.map(planOne);
      const later = plans.map((plan) => writeLater(plan.later));
      await append(plans.flatMap((plan) => plan.records));
      for (const [nth, task] of tasks.entries()) {
        const rest = later[nth];
        if (rest === undefined) repeats.written(task);
        else void rest.then((isWritten) => isWritten && repeats.written(task));
      }
    }
    // In the turn in which nothing waits: what comes in the next one must not wait for the one after it.
    isRouting = false;
  };

  const letGo = (): void => {
    for (const task of waiting) if (!task.isCurrent()) task.release();
    waiting = waiting.filter((task) => task.isCurrent());
  };

  const handle = (tasks: readonly Task<EventRecord>[]): void => {
    waiting.push(...tasks);
    if (isRouting) return;
    isRouting = true;
    routeWaiting().catch(onFailure);
  };

  worker = await startWorker({
    log: eventLog,
    topics: [topicNames.events],
    group: groupNames.router,
    paceMs: 3,
    decode: (bytes) => EventRecord.decode(bytes),
    handle,
    letGo,
    onFailure: deps.onRetry,
  });
  return worker;
};
