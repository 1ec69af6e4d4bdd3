import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, trace } from '@opentelemetry/api';
import { EventRecord } from '@bellwire/contracts';
import type { Stopwatch } from '@bellwire/domain';
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
import { openTurns } from '../planning/turns.ts';
import type { WorkerCare } from '../dispatcher-deps.ts';
import type { Append } from '../ports.ts';
import { makeRepeatedEvents } from './repeated-events.ts';

export interface RouteEventsDeps {
  eventLog: Log;
  view: Pick<RegistryView, 'catchUp'>;
  planDeliveries(event: EventRecord, headers: Readonly<Record<string, string>>): Plan;
  append: Append;
  stopwatch: Stopwatch;
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

/** Of each partition, and of all. */
const eventsWindow = { records: 2000, bytes: 8 * 1024 * 1024, totalBytes: 32 * 1024 * 1024 };

/** So often it is asked whether the group has heard of us again. */
const unheardMs = 100;

type EventTask = Task<EventRecord>;

/** A plan with a span, from its beginning to its end. */
function* planTraced(planDeliveries: RouteEventsDeps['planDeliveries'], { value: event, record }: EventTask): Plan {
  const parent = contextOfHeaders(record.headers);
  const attributes = {
    'messaging.operation.type': 'process',
    'webhook.event.id': event.eventId,
    'webhook.tenant.id': event.tenantId,
  };
  const options = { kind: SpanKind.CONSUMER, attributes };
  const span = trace.getTracer('bellwire').startSpan('process events', options, parent);
  try {
    return yield* planDeliveries(event, traceHeaders(trace.setSpan(parent, span)));
  } finally {
    span.end();
  }
}

/** Whose plans are written to their end now. A bug in one of them is that one's failure, and what cannot be written is that of all in it. */
const writeSlice = async (
  turns: ReturnType<typeof openTurns<EventTask>>,
  append: Append,
  fail: (task: EventTask, error: unknown) => void,
) => {
  const { records, ended, failed, items } = turns.take();
  for (const { item, error } of failed) fail(item, error);
  try {
    await (records.length > 0 ? append(records) : nextTurn());
    return ended;
  } catch (error) {
    turns.forget(items);
    for (const task of items) fail(task, error);
    return [];
  }
};

/**
 * events → deliveries. Before a batch is matched the view catches up with registry, so that an endpoint whose create
 * call has returned gets every event that was published after it. What is planned is written in slices, so that one event
 * to very many endpoints neither fills the memory nor keeps the events of other tenants waiting. Repeats of a keyed event are
 * routed once. Nothing waits for a payload template but the deliveries that it is for.
 */
export const startRouter = async (deps: RouteEventsDeps): Promise<Worker> => {
  const { eventLog, view, planDeliveries, append, insist, stopwatch, onFailure, onDropped } = deps;
  let waiting: EventTask[] = [];
  const turns = openTurns<EventTask>({ stopwatch });
  const repeats = makeRepeatedEvents(() => onDropped('repeated_event'));
  let isRouting = false;

  /** What waits for templates follows when they are rendered; where we are stopping the next owner plans it again. */
  const follow = async (task: EventTask, later: Promise<Plan>): Promise<void> => {
    try {
      turns.add(task.value.tenantId, await later, task, true);
      route();
    } catch (error) {
      repeats.failed(task, error);
    }
  };

  let worker: Worker | undefined;
  /** While our partitions may be another's nothing is routed. */
  const heard = async (): Promise<void> => {
    while (worker?.isHeard() === false) await sleep(unheardMs);
  };

  const takeIn = async (): Promise<void> => {
    const tasks = waiting.splice(0);
    if (tasks.length === 0) return;
    await insist('registry position', () => view.catchUp());
    await heard();
    for (const task of tasks) {
      // It may have moved away meanwhile.
      if (!task.isCurrent()) task.release();
      else if (repeats.isFirst(task)) turns.add(task.value.tenantId, planTraced(planDeliveries, task), task);
    }
  };

  const routeAll = async (): Promise<void> => {
    while (waiting.length > 0 || !turns.isEmpty()) {
      await takeIn();
      await heard();
      for (const { item: task, later } of await writeSlice(turns, append, repeats.failed)) {
        if (later === undefined) repeats.written(task);
        else void follow(task, later);
      }
    }
    // In the turn in which nothing waits: what comes in the next one must not wait for the one after it.
    isRouting = false;
  };

  const letGo = (): void => {
    for (const task of waiting) if (!task.isCurrent()) task.release();
    waiting = waiting.filter((task) => task.isCurrent());
    for (const task of turns.drop((each) => !each.isCurrent())) repeats.released(task);
  };

  const route = (): void => {
    if (isRouting) return;
    isRouting = true;
    routeAll().catch((error: unknown) => {
      isRouting = false;
      onFailure(error);
    });
  };

  const handle = (tasks: readonly EventTask[]): void => {
    waiting.push(...tasks);
    route();
  };

  worker = await startWorker({
    log: eventLog,
    topics: [topicNames.events],
    group: groupNames.router,
    paceMs: 3,
    window: eventsWindow,
    decode: (bytes) => EventRecord.decode(bytes),
    handle,
    letGo,
    ...deps.care,
    onFailure: deps.onRetry,
  });
  return worker;
};
