import { setTimeout as sleep } from 'node:timers/promises';
import type { KillableKafka } from './killable-kafka.ts';
import { acceptedOf, failuresText, startLoad, type Accepted } from './publishing.ts';
import type { Run } from './rig.ts';
import { settled, waitUntil } from './waiting.ts';

export interface BrokerOptions {
  /** How long there is no broker. */
  downSeconds: number;
  eventsPerSecond: number;
  /** Before the kill, and after the broker is back. */
  loadSeconds: number;
}

/** Counted by ids: of events that were acknowledged, of requests that arrived. */
export interface BrokerResult {
  accepted: number;
  acceptedBefore: number;
  acceptedWhileDown: number;
  acceptedAfter: number;
  /** Publishes that failed, by code. */
  failedKeyed: string;
  failedUnkeyed: string;
  deliveries: number;
  lost: number;
  duplicates: number;
  /** Deliveries of events whose publish failed: it may. */
  unacknowledged: number;
  /** From its start until the broker serves. */
  brokerStartMs: number;
  /** From then to the first acknowledgment. */
  firstAcceptedMs: number;
  /** From then to the first request. */
  firstDeliveryMs: number;
  totalMs: number;
}

const acceptedBetween = (accepted: Accepted, fromMs: number, toMs: number): number =>
  [...accepted.values()].filter((at) => at >= fromMs && at < toMs).length;

/** Kills the only broker under load, and starts it again on the same port and folder. */
export const brokerRun = async (kafka: KillableKafka, run: Run, options: BrokerOptions): Promise<BrokerResult> => {
  const { downSeconds, eventsPerSecond, loadSeconds } = options;
  const { client, ledger, endpoints } = run;
  const startedAt = Date.now();
  const load = startLoad(client, { eventsPerSecond });
  await waitUntil(() => ledger.arrived > 0, 30_000);
  await sleep(loadSeconds * 1000);
  await kafka.kill();
  const killedAt = Date.now();
  await sleep(downSeconds * 1000);
  const startingAt = Date.now();
  await kafka.start();
  const upAt = Date.now();
  await waitUntil(() => acceptedBetween(acceptedOf(load), upAt, Infinity) > 0, 60_000);
  await sleep(loadSeconds * 1000);
  await load.stop();

  const accepted = acceptedOf(load);
  await settled(ledger, accepted.size * endpoints);
  const { lost, unacknowledged } = ledger.compare(accepted, endpoints);
  return {
    accepted: accepted.size,
    acceptedBefore: acceptedBetween(accepted, 0, killedAt),
    acceptedWhileDown: acceptedBetween(accepted, killedAt, upAt),
    acceptedAfter: acceptedBetween(accepted, upAt, Infinity),
    failedKeyed: failuresText(load.keyed.failures),
    failedUnkeyed: failuresText(load.unkeyed.failures),
    deliveries: accepted.size * endpoints,
    lost,
    duplicates: ledger.arrived - ledger.distinct,
    unacknowledged,
    brokerStartMs: upAt - startingAt,
    firstAcceptedMs: Math.min(...[...accepted.values()].filter((at) => at >= upAt)) - upAt,
    firstDeliveryMs: (ledger.firstAfter(upAt) ?? Infinity) - upAt,
    totalMs: Date.now() - startedAt,
  };
};

const failedOtherwise = /DEADLINE_EXCEEDED|INTERNAL|code \d/;

export const isBrokerFine = (result: BrokerResult): boolean =>
  result.lost === 0 &&
  result.acceptedBefore > 0 &&
  result.acceptedAfter > 0 &&
  !failedOtherwise.test(result.failedKeyed) &&
  !failedOtherwise.test(result.failedUnkeyed);
