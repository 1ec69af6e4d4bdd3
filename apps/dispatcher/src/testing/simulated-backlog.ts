import { DeliveryRecord } from '@bellwire/contracts';
import { leavesTierAt, parseTiers, type AttemptOutcome } from '@bellwire/domain';
import { topicNames, type NewRecord, type Task } from '@bellwire/messaging';
import { makeAdmission } from '../admission/admission.ts';
import { makeCandidateOf } from '../admission/candidate.ts';
import { makeHandOver } from '../admission/hand-over.ts';
import { makeAttemptMemory } from '../attempts/attempt-memory.ts';
import { makeHandsOn } from '../attempts/in-hand.ts';
import { makeEndpointControls } from '../endpoints/endpoint-controls.ts';
import { toDeliveries, toTier } from '../writing/records.ts';
import { anEndpoint } from './an-endpoint.ts';

const tiers = parseTiers('1s 5s 15s 1m 5m 30m');
const retryMs = 6000;
const sweepMs = 1000;

/** What is to be done at each millisecond. */
const openAgenda = () => {
  const agenda = new Map<number, (() => void)[]>();
  let nowMs = 0;
  return {
    now: () => nowMs,
    at: (timeMs: number, work: () => void): void => {
      const atMs = Math.max(nowMs + 1, Math.ceil(timeMs));
      const known = agenda.get(atMs);
      if (known === undefined) agenda.set(atMs, [work]);
      else known.push(work);
    },
    /** Promises that work has resolved are seen to before the next millisecond. */
    async pass(untilMs: number): Promise<void> {
      for (; nowMs <= untilMs; nowMs++) {
        const works = agenda.get(nowMs);
        if (works === undefined) continue;
        agenda.delete(nowMs);
        for (const work of works) work();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
};

type Agenda = ReturnType<typeof openAgenda>;

export interface Trouble {
  /** Published evenly over this time, in milliseconds. */
  events: number;
  overMs: number;
  /** From the beginning on; a request takes so long, and fails. */
  downMs: number;
  failsAfterMs: number;
  /** What a request takes afterwards, by its number. */
  answersAfterMs: (nth: number) => number;
  maxConcurrency: number;
}

/** The log: what is put into a tier comes back as a delivery when it is due. */
const openTiers = (agenda: Agenda, onDelivery: (delivery: DeliveryRecord) => void) => {
  let records = 0;
  const put = ({ topic, value }: NewRecord): void => {
    records++;
    if (value === null) return;
    const delivery = DeliveryRecord.decode(value);
    const tier = tiers.find(({ name }) => topicNames.retries(name) === topic);
    if (topic === topicNames.deliveries) agenda.at(agenda.now(), () => onDelivery(delivery));
    if (tier === undefined) return;
    agenda.at(leavesTierAt(tier, delivery.enqueuedAtMs, delivery.dueAtMs), () => {
      const isDue = agenda.now() >= delivery.dueAtMs;
      put(isDue ? toDeliveries(delivery, {}) : toTier(tiers, delivery, agenda.now(), {}));
    });
  };
  return { put, records: () => records };
};

/** The endpoint's: what it makes of a request, and when. */
const openReceiver = (agenda: Agenda, { downMs, failsAfterMs, answersAfterMs }: Trouble) => {
  const seen = { arrivedAtMs: new Array<number>(), underWay: 0, mostAtOnce: 0 };
  const begin = (): AttemptOutcome => {
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++seen.underWay);
    if (agenda.now() < downMs) {
      const outcome = failsAfterMs > 1000 ? 'timed_out' : 'unreachable';
      return { outcome, durationMs: failsAfterMs, timings: {} };
    }
    const durationMs = answersAfterMs(seen.arrivedAtMs.length);
    seen.arrivedAtMs.push(agenda.now());
    return { outcome: 'delivered', response: { status: 200, headers: {}, body: '' }, durationMs, timings: {} };
  };
  const ask = (): Promise<AttemptOutcome> =>
    new Promise((resolve) => {
      const result = begin();
      agenda.at(agenda.now() + result.durationMs, () => {
        seen.underWay--;
        resolve(result);
      });
    });
  return { seen, ask };
};

const taskOf = (delivery: DeliveryRecord): Task<DeliveryRecord> => ({
  value: delivery,
  record: { topic: topicNames.deliveries, partition: 0, offset: 0, key: '', value: null, headers: {}, timestampMs: 0 },
  settle: (onCommitted) => onCommitted?.(),
  fail: (error) => onFailure(error),
  release: () => undefined,
  mayBeTwice: false,
  isCurrent: () => true,
});

const onFailure = (error: unknown): never => {
  throw error;
};

/** What one endpoint gets of a backlog, with everything that decides on it, in simulated milliseconds. */
export const simulateBacklog = async (trouble: Trouble, untilMs: number) => {
  const { events, overMs, maxConcurrency } = trouble;
  const agenda = openAgenda();
  const endpoint = anEndpoint({ maxConcurrency });
  const hands = makeHandsOn({
    memory: makeAttemptMemory(events * 2),
    onDropped: (reason) => onFailure(new Error(reason)),
  });
  const admission = makeAdmission({ clock: agenda, maxInFlight: 512 });
  const receiver = openReceiver(agenda, trouble);
  const log = openTiers(agenda, (delivery) => receive(delivery));
  const append = async (records: readonly NewRecord[]): Promise<void> => records.forEach(log.put);

  const candidateOf = makeCandidateOf({
    admission,
    controls: makeEndpointControls({
      clock: agenda,
      random: () => 0.5,
      disableAfterMs: 0,
      onChanged: () => undefined,
      onFailing: () => undefined,
      onSlowStart: admission.restartSlowly,
    }),
    hands,
    receive: () => endpoint,
    attemptDelivery: async ({ delivery, onEnded }) => {
      const result = await receiver.ask();
      onEnded(result);
      const dueAtMs = agenda.now() + retryMs;
      const retry = { ...delivery, attempt: delivery.attempt + 1, dueAtMs, waitReason: 'retry', spills: 0 };
      if (result.outcome !== 'delivered') log.put(toTier(tiers, retry, agenda.now(), {}));
    },
    handOver: makeHandOver({ append, clock: agenda, tiers, events: { deadLettered: () => [] } }),
    clock: agenda,
    maxConcurrency,
  });
  const receive = (delivery: DeliveryRecord): void => {
    const inHand = hands.take(taskOf(delivery), () => undefined);
    const candidate = inHand && candidateOf(inHand, endpoint);
    if (candidate !== undefined) admission.admit(candidate);
  };

  for (let nth = 0; nth < events; nth++) {
    const fields = { deliveryId: `del_${nth}`, endpointId: endpoint.id, round: 1, attempt: 1, roundFirstAttempt: 1 };
    agenda.at((nth * overMs) / events, () => receive(DeliveryRecord.fromPartial(fields)));
  }
  for (let atMs = sweepMs; atMs < untilMs; atMs += sweepMs) agenda.at(atMs, admission.sweep);
  await agenda.pass(untilMs);
  return { ...receiver.seen, recordsPerDelivery: log.records() / events };
};
