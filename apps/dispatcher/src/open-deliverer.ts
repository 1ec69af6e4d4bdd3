import type { DeliveryRecord, EndpointState } from '@bellwire/contracts';
import type { NextState } from '@bellwire/domain';
import type { Worker } from '@bellwire/messaging';
import { makeAdmission } from './admission/admission.ts';
import { makeAttemptDelivery } from './attempts/attempt-delivery.ts';
import { makeAttemptMemory } from './attempts/attempt-memory.ts';
import { makeHandsOn } from './attempts/in-hand.ts';
import { makeEndpointControls } from './endpoints/endpoint-controls.ts';
import { makeEndpointStates } from './endpoints/endpoint-states.ts';
import { openOwnLag } from './admission/own-lag.ts';
import { makeHandOver } from './admission/hand-over.ts';
import { makeOnFailing } from './endpoints/on-failing.ts';
import { makeOperationalEvents } from './telling/operational-events.ts';
import { openTwins } from './attempts/twins.ts';
import { makeSwitchOff } from './endpoints/switch-off.ts';
import { openStuckWrites } from './writing/stuck-writes.ts';
import type { DispatcherParts, PipelineDeps } from './dispatcher-deps.ts';
import { startDeliverer } from './workers/deliver.ts';

const rememberedDeliveries = 200_000;
const sweepMs = 100;
const flushMs = 1000;

/** The deliverer with what it alone has: admission, the memory of attempts, and the state that survives a move. */
export const openDeliverer = async (deps: PipelineDeps, parts: DispatcherParts): Promise<Worker> => {
  const { scope, log, clock, random, eventLog, view, send, tiers, maxConcurrency, maxInFlight, onFailure } = deps;
  const { stopwatch = performance, expiryClock = clock } = deps;
  const { append, appendPutOff, insist } = parts;
  const memory = makeAttemptMemory(rememberedDeliveries);

  let worker: Worker | undefined;
  const lag = openOwnLag(sweepMs);
  const isOurs = (): boolean => worker === undefined || worker.isHeard();
  const outcomes = openStuckWrites(stopwatch);
  const mayStart = (): boolean => isOurs() && !outcomes.isStuck();
  const admission = makeAdmission({ clock: stopwatch, maxInFlight, mayStart, lag });
  const sweeping = setInterval(() => {
    lag.tick(stopwatch.now());
    admission.sweep();
  }, sweepMs);
  scope.own('admission', { close: () => clearInterval(sweeping) });

  const { disableAfterMs } = deps;
  const events = makeOperationalEvents({ view, clock, disableAfterMs });
  const switchOff = makeSwitchOff({ disableEndpoint: deps.disableEndpoint, events, append, onFailure });
  const onFailing = makeOnFailing({ events, append, switchOff, onFailure });
  const withState = ({ id }: { id: string }, act: (state: EndpointState) => void): void => {
    const state = view.endpoint(id);
    if (state !== undefined) act(state);
  };
  const onGone = (endpoint: { id: string }) => withState(endpoint, (state) => switchOff(state, 'gone'));

  const controls = makeEndpointControls({
    clock,
    expiryClock,
    random,
    disableAfterMs,
    onChanged: (endpointId) => states.changed(endpointId),
    onFailing: (endpoint, step, failing) => withState(endpoint, (state) => onFailing(state, failing, step)),
    onSlowStart: admission.restartSlowly,
  });
  const states = makeEndpointStates({
    eventLog,
    memory,
    controls,
    produce: parts.produce,
    owns: (partition) => worker?.owns(partition) ?? true,
    insist,
    clock: expiryClock,
    onUnreadable: ({ partition, offset, key }, error) =>
      log.error({ endpoint_id: key, partition, offset, err: error }, 'endpoint_state.unreadable'),
    onCut: (endpointId, marks) => log.error({ endpoint_id: endpointId, marks }, 'endpoint_state.cut'),
  });
  // While our partitions may be another's, so are their endpoints.
  const flushing = setInterval(() => isOurs() && void states.flush().catch(onFailure), flushMs);
  scope.own('endpoint states', { close: () => clearInterval(flushing) });

  const twins = openTwins(stopwatch);
  const onMade = (delivery: DeliveryRecord, next: NextState, mayBeTwice: boolean): void => {
    memory.made(delivery);
    const comesAgain = delivery.attempt > 1 || next.status !== 'delivered';
    if (comesAgain || mayBeTwice || twins.arePossible(delivery)) states.note(delivery);
  };
  const clocks = { clock, expiryClock };
  const hands = makeHandsOn({ memory, onDropped: parts.onDropped });
  const attemptDelivery = makeAttemptDelivery({
    ...clocks,
    send,
    append: (records) => outcomes.watch(append(records)),
    random,
    tiers,
    log,
    events,
    onMade,
    onGone,
  });
  const handOver = makeHandOver({ append: appendPutOff, clock, tiers, events });
  const made = { admission, controls, memory, hands, attemptDelivery, handOver, states, onUnclean: twins.expect };
  const limits = { maxConcurrency, maxInFlight };
  worker = await startDeliverer({ ...parts, ...made, ...clocks, ...limits, eventLog, view });
  return worker;
};
