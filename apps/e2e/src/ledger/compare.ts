import type { Intents } from './intents.ts';
import { isTaken, pairOf, type Receipt, type Receipts } from './receipts.ts';
import { hasEnded, type RecordedDelivery } from './recorded.ts';

/** What each kind of finding means; a finding is a text that names ids. */
export interface Findings {
  /** Acknowledged and owed, never taken by the receiver, and audit does not show that it ended without that. */
  readonly lost: readonly string[];
  /** Acknowledged and owed, and without a terminal state in audit. */
  readonly unended: readonly string[];
  /** Delivered as audit has it, and the receiver never took it. */
  readonly silent: readonly string[];
  /** Requests of events that nobody meant to publish. */
  readonly phantom: readonly string[];
  /** Requests beyond the attempts that audit shows of their delivery. */
  readonly unlogged: readonly string[];
  /** Requests taken beyond the first of their delivery, but for those that are late. */
  readonly duplicates: readonly string[];
  /** Taken, and answered so late that the attempt was over: it is recorded as timed out, and made again. */
  readonly late: readonly string[];
  /** One event as the publisher meant it, under several ids. */
  readonly twins: readonly string[];
  /** Other data than was published, or other bytes than in an earlier request of the same delivery. */
  readonly mismatched: readonly string[];
  readonly badSignatures: readonly string[];
  /** Genuine requests whose time is more than five minutes from ours. */
  readonly skewed: readonly string[];
  /** Ended, and not as delivered. */
  readonly undelivered: readonly string[];
}

export interface Ledgers {
  readonly intents: Intents;
  readonly receipts: Receipts;
  readonly recorded: readonly RecordedDelivery[];
  /** Ids of the endpoints in the order of their numbers; each is owed every event. */
  readonly endpointIds: readonly string[];
}

/** What receivers got, by (endpoint, event). */
const byPair = (receipts: readonly Receipt[]): Map<string, Receipt[]> => {
  const pairs = new Map<string, Receipt[]>();
  for (const receipt of receipts) {
    const pair = pairOf(receipt.endpoint, receipt.eventId);
    const known = pairs.get(pair);
    if (known === undefined) pairs.set(pair, [receipt]);
    else known.push(receipt);
  }
  return pairs;
};

const shown = (delivery: RecordedDelivery | undefined): string =>
  delivery === undefined
    ? 'audit does not have it'
    : `${delivery.id} is ${delivery.status}${delivery.reason === null ? '' : ` ${delivery.reason}`}, attempts ${delivery.outcomes.length}`;

/** What is owed, against what came of it. */
const owedFindings = ({ intents, receipts, recorded, endpointIds }: Ledgers) => {
  const deliveries = new Map(recorded.map((each) => [`${each.endpointId} ${each.eventId}`, each]));
  const lost: string[] = [];
  const unended: string[] = [];
  const undelivered: string[] = [];
  for (const eventId of intents.accepted.keys()) {
    for (const [endpoint, endpointId] of endpointIds.entries()) {
      const delivery = deliveries.get(`${endpointId} ${eventId}`);
      const text = `endpoint ${endpoint} ${endpointId} event ${eventId}: ${shown(delivery)}`;
      const isEnded = delivery !== undefined && hasEnded(delivery);
      const endedOtherwise = isEnded && delivery.status !== 'delivered';
      if (!isEnded) unended.push(text);
      if (endedOtherwise) undelivered.push(text);
      if (!endedOtherwise && receipts.firstTaken(endpoint, eventId) === undefined) lost.push(text);
    }
  }
  return { lost, unended, undelivered };
};

const timedOut = (outcomes: readonly string[]): number => outcomes.filter((outcome) => outcome === 'timed_out').length;

/** What came, against what audit shows of it. */
const pairFindings = ({ receipts, recorded, endpointIds }: Ledgers) => {
  const pairs = byPair(receipts.all);
  const numbers = new Map(endpointIds.map((id, number) => [id, number]));
  const deliveries = new Map(recorded.map((each) => [pairOf(numbers.get(each.endpointId) ?? -1, each.eventId), each]));
  const silent = [...deliveries]
    .filter(([pair, { status }]) => status === 'delivered' && !(pairs.get(pair) ?? []).some(isTaken))
    .map(([pair, { id }]) => `endpoint and event ${pair}: ${id}`);
  const unlogged: string[] = [];
  const duplicates: string[] = [];
  const late: string[] = [];
  for (const [pair, came] of pairs) {
    const delivery = deliveries.get(pair);
    const outcomes = delivery?.outcomes ?? [];
    const [first, ...repeated] = came.filter(isTaken);
    const lateCount = Math.max(0, timedOut(outcomes) - came.filter(({ status }) => status === undefined).length);
    const text = `endpoint and event ${pair} delivery ${delivery?.id}`;
    for (const { atMs, status } of came.slice(outcomes.length)) unlogged.push(`${text} at ${atMs}: ${status}`);
    for (const [at, { atMs }] of repeated.entries()) {
      const when = `at ${atMs}, ${atMs - (first?.atMs ?? atMs)} ms after the first`;
      (at < lateCount ? late : duplicates).push(`${text} ${when}`);
    }
  }
  return { silent, unlogged, duplicates, late };
};

/** What came, against what was meant. */
const contentFindings = ({ intents, receipts }: Ledgers) => {
  const firsts = new Map<string, string>();
  const ids = new Map<string, Set<string>>([...intents.all()].map((each) => [each.dataHash, new Set(each.eventIds)]));
  const hashes = new Map(
    [...intents.all()].flatMap(({ dataHash, eventIds }) => [...eventIds].map((id) => [id, dataHash])),
  );
  const phantom: string[] = [];
  const mismatched: string[] = [];
  for (const { endpoint, eventId, dataHash, bodyHash, atMs } of receipts.all) {
    const text = `endpoint ${endpoint} event ${eventId} at ${atMs}`;
    const owed = hashes.get(eventId);
    const pair = pairOf(endpoint, eventId);
    const first = firsts.get(pair) ?? bodyHash;
    firsts.set(pair, first);
    if (owed === undefined && intents.byHash(dataHash) === undefined) phantom.push(text);
    else if (first !== bodyHash || (owed ?? dataHash) !== dataHash) mismatched.push(text);
    ids.get(dataHash)?.add(eventId);
  }
  const twins = [...ids.values()].filter(({ size }) => size > 1).map((all) => [...all].join(' '));
  return { phantom, mismatched, twins };
};

const signatureFindings = ({ receipts }: Ledgers) => {
  const of = (signature: Receipt['signature']): string[] =>
    receipts.all
      .filter((receipt) => receipt.signature === signature)
      .map(({ endpoint, eventId, atMs }) => `endpoint ${endpoint} event ${eventId} at ${atMs}`);
  return { badSignatures: of('bad'), skewed: of('skewed') };
};

/** Compares three ledgers that were kept apart; to be called when nothing is under way any more. */
export const compareLedgers = (ledgers: Ledgers): Findings => ({
  ...owedFindings(ledgers),
  ...pairFindings(ledgers),
  ...contentFindings(ledgers),
  ...signatureFindings(ledgers),
});
