import type { EndpointState } from '@bellwire/contracts';
import { batchingProducer, type BatchingProducer, type NewRecord, type Worker } from '@bellwire/messaging';
import { logPutAside } from '@bellwire/service';
import { openTemplates, type RenderRequest, type Templates } from '@bellwire/templating';
import { packAudit } from './writing/audit-batches.ts';
import { makeCompileEndpoint, type CompileEndpoint } from './endpoints/compiled-endpoint.ts';
import { makeInsist } from './writing/insist.ts';
import { openDeliverer } from './open-deliverer.ts';
import { openDroppedRecords } from './telling/dropped-records.ts';
import { makeOperationalEvents } from './telling/operational-events.ts';
import { makePlanDeliveries } from './planning/plan-deliveries.ts';
import { startDelayer } from './workers/delay.ts';
import { startRouter } from './workers/route-events.ts';

import { makeTellOfPutAside } from './telling/put-aside.ts';
import type { DispatcherParts, PipelineDeps, WorkerCare } from './dispatcher-deps.ts';

/** Of the slowest request by default, and what is written afterwards; one that is allowed to take longer is repeated. */
const drainTimeoutMs = 20_000;
/** Attempts wait so long for others before they are recorded: small writes were most of Kafka's work, and of ours with it. */
const gatherMs = 5;
/** What is put off is written apart, in small writes: a burst that is spilled is not to stand before fresh deliveries. */
const putOffBatch = { gatherMs, maxBatchRecords: 250, maxBatchBytes: 300_000 };

/** @throws Error where the first endpoint's secrets were sealed by another master key: nothing could be signed */
const checkMasterKey = ({ view }: PipelineDeps, compileEndpoint: CompileEndpoint): void => {
  for (const state of view.endpoints()) {
    try {
      compileEndpoint(state);
    } catch (cause) {
      const sentence = 'BELLWIRE_MASTER_KEY is not the key that sealed the secrets of the endpoints: give that one.';
      throw new Error(`${sentence} (First: ${state.endpoint?.id})`, { cause });
    }
    return;
  }
};

/** What the calls of the service share with the workers. */
export interface Pipeline {
  producer: BatchingProducer;
  templates: Templates;
  compileEndpoint: CompileEndpoint;
}

/** Turns accepted events into deliveries and gets them there, or gives up and says so: the workers of a process's roles. */
export const startPipeline = async (deps: PipelineDeps): Promise<Pipeline> => {
  const { scope, log, clock, eventLog, view, tiers, roles, maxDeadlineMs, disableAfterMs, onFailure } = deps;

  const { stopwatch = performance } = deps;
  const stopping = new AbortController();
  const insist = makeInsist({ log, signal: stopping.signal });
  const packing = { produce: (records: readonly NewRecord[]) => eventLog.produce(packAudit(records)) };
  const producer = scope.own('dispatcher producer', batchingProducer(packing, { gatherMs }));
  const append = (records: readonly NewRecord[]) => insist('append', () => producer.produce(records));
  const putOff = scope.own('dispatcher producer of what waits', batchingProducer(packing, putOffBatch));
  const appendPutOff = (records: readonly NewRecord[]) => insist('append', () => putOff.produce(records));
  scope.own('dispatcher retries', { close: () => stopping.abort() });

  const templates = scope.own('payload templates', openTemplates({ clock: stopwatch }));
  const renderTemplate = (request: RenderRequest) => insist('payload template', () => templates.render(request));

  const dropped = scope.own('dropped records', openDroppedRecords({ log }));
  const onDropped = dropped.count;
  const onRetry = (error: unknown) => log.warn({ err: error }, 'worker.retried');
  const compileEndpoint = makeCompileEndpoint(view, deps.keyring);
  checkMasterKey(deps, compileEndpoint);
  const onUnreadable = ({ endpoint }: EndpointState, error: unknown) =>
    log.error({ endpoint_id: endpoint?.id, err: error }, 'endpoint.unreadable');
  const own = (name: string, worker: Worker): Worker => {
    const close = async () => {
      await worker.drain(drainTimeoutMs);
      await worker.close();
    };
    scope.own(name, { close, closeTimeoutMs: drainTimeoutMs + 3000 });
    return worker;
  };

  const events = makeOperationalEvents({ view, clock, disableAfterMs });
  const tellOfPutAside = makeTellOfPutAside({ view, events, clock });
  const care: WorkerCare = {
    endsInOrder: () => !scope.hasFailed(),
    onPutAside: logPutAside(log),
    withLetter: (aside) => packAudit(tellOfPutAside(aside)),
  };

  const { produce } = producer;
  const parts: DispatcherParts = {
    append,
    appendPutOff,
    produce,
    insist,
    compileEndpoint,
    care,
    onUnreadable,
    onRetry,
    onDropped,
  };
  if (roles.includes('deliverer')) own('deliverer', await openDeliverer(deps, parts));
  if (roles.includes('delayer')) {
    own('delayer', await startDelayer({ eventLog, tiers, append, clock, stopwatch, care, onRetry }));
  }
  if (roles.includes('router')) {
    const planDeliveries = makePlanDeliveries({
      view,
      compileEndpoint,
      renderTemplate,
      events,
      clock,
      maxDeadlineMs,
      onUnreadable,
    });
    own('router', await startRouter({ ...parts, onDropped, eventLog, view, stopwatch, planDeliveries, onFailure }));
  }

  return { producer, templates, compileEndpoint };
};
