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
import type { RegistryView } from '@bellwire/registry-view';
import type { Plan } from '../planning/plan-deliveries.ts';
import type { WorkerCare } from '../dispatcher-deps.ts';
import type { Append } from '../ports.ts';
import { makeRepeatedEvents, type RepeatedEvents } from './repeated-events.ts';

export interface RouteEventsDeps {
  eventLog: Log;
  view: Pick<RegistryView, 'catchUp'>;
  planDeliveries(event: EventRecord, headers: Readonly<Record<string, string>>): Plan;
  append: Append;
  /** Runs until it succeeds or the service stops. */
  insist: <Result>(what: string, work: () => Promise<Result>) => Promise<Result>;
  care: WorkerCare;
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

/** Plans an event within a span of its trace. */
const makePlanOne =
  (planDeliveries: RouteEventsDeps['planDeliveries']) =>
  ({ value: event, record }: Task<EventRecord>): Plan => {
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

type EventTask = Task<EventRecord>;

/** Plans events and writes what follows; a bug in one of them is that one's failure. */
const makeRouteBatch = (planOne: (task: EventTask) => Plan, append: Append, repeats: RepeatedEvents) => {
  const planned = (task: EventTask): { task: EventTask; plan: Plan }[] => {
    try {
      return [{ task, plan: planOne(task) }];
    } catch (error) {
      repeats.failed(task, error);
      return [];
    }
  };

  return async (tasks: readonly EventTask[]): Promise<void> => {
    const plans = tasks.flatMap(planned);
    // What waits for templates holds up nothing else.
    const rest = plans.map(({ plan }) => plan.later?.then(append));
    const ends = rest.map((later) =>
      later?.then(
        () => repeats.written,
        (error: unknown) => (task: EventTask) => repeats.failed(task, error),
      ),
    );
    try {
      await append(plans.flatMap(({ plan }) => plan.records));
    } catch (error) {
      for (const { task } of plans) repeats.failed(task, error);
      return;
    }
    for (const [nth, { task }] of plans.entries()) {
      const end = ends[nth];
      if (end === undefined) repeats.written(task);
      else void end.then((then) => then(task));
    }
  };
};

/**
 * events → deliveries. Before a batch is matched the view catches up with registry, so that an endpoint whose create
 * call has returned gets every event that was published after it. While one batch is planned and written the next
 * gathers. Repeats of a keyed event are routed once. Nothing waits for a payload template but the deliveries that it is for.
 */
export const startRouter = async (deps: RouteEventsDeps): Promise<Worker> => {
  const { eventLog, view, planDeliveries, append, insist, onFailure, onDropped } = deps;
  let waiting: Task<EventRecord>[] = [];
  const repeats = makeRepeatedEvents(() => onDropped('repeated_event'));
  const routeBatch = makeRouteBatch(makePlanOne(planDeliveries), append, repeats);
  let isRouting = false;

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
      await routeBatch(tasks);
    }
  };

  const letGo = (): void => {
    for (const task of waiting) if (!task.isCurrent()) task.release();
    waiting = waiting.filter((task) => task.isCurrent());
  };

  const handle = (tasks: readonly Task<EventRecord>[]): void => {
    waiting.push(...tasks);
    if (isRouting) return;
    isRouting = true;
    routeWaiting()
      .catch(onFailure)
      .finally(() => {
        isRouting = false;
      });
  };

  worker = await startWorker({
    log: eventLog,
    topics: [topicNames.events],
    group: groupNames.router,
    paceMs: 3,
    decode: (bytes) => EventRecord.decode(bytes),
    handle,
    letGo,
    ...deps.care,
    onFailure: deps.onRetry,
  });
  return worker;
};
