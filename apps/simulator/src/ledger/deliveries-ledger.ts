import { fromProto, type Attempt, type DeliveryRecord, type Transition } from '@bellwire/contracts';
import { isTerminal, type DeliveryStatus } from '@bellwire/domain';
import { topicNames } from '@bellwire/messaging';
import { newLine, type Line, type Step } from './lines.ts';
import { makeOwnershipRules, type OwnershipRulesDeps } from './ownership-rules.ts';

/** So often a delivery is put into tiers within this time at most, in milliseconds. */
const putsWithin = { ms: 5000, most: 60 };

export interface DeliveriesLedgerDeps extends OwnershipRulesDeps {
  nowMs: () => number;
  /** A fault may have repeated the event. */
  isEventDisturbed(eventId: string): boolean;
}

/** What the log tells of each delivery. */
export interface DeliveriesLedger {
  all(): Iterable<Line>;
  find(deliveryId: string): Line | undefined;
  ofEndpoint(endpointId: string): readonly Line[];
  /** A record of deliveries or of a tier was written by this process. */
  written(by: string, topic: string, delivery: DeliveryRecord): Step;
  attempted(by: string, attempt: Attempt): void;
  changed(by: string, transition: Transition): void;
  /** Whether a fault explains it where a request of it is repeated. */
  mayRepeat(line: Line): boolean;
}

export const openDeliveriesLedger = (deps: DeliveriesLedgerDeps): DeliveriesLedger => {
  const { violations, clocks, nowMs, isEventDisturbed } = deps;
  const { mustOwn, noteHandOver } = makeOwnershipRules(deps);
  const lines = new Map<string, Line>();
  const byEndpoint = new Map<string, Line[]>();

  const lineOf = (record: DeliveryRecord): Line => {
    const known = lines.get(record.deliveryId);
    if (known !== undefined) return known;
    const made = newLine(record);
    lines.set(record.deliveryId, made);
    const ofEndpoint = byEndpoint.get(record.endpointId);
    if (ofEndpoint === undefined) byEndpoint.set(record.endpointId, [made]);
    else ofEndpoint.push(made);
    return made;
  };

  const mayRepeat = (line: Line): boolean => line.isDisturbed || isEventDisturbed(line.eventId);

  const noteDue = (line: Line, { round, attempt, dueAtMs, waitReason, spills }: DeliveryRecord): void => {
    if (spills > 0 || !['retry', 'retry_after'].includes(waitReason)) return;
    const name = `${round}/${attempt}`;
    line.dueAtMs.set(name, Math.min(line.dueAtMs.get(name) ?? Number.POSITIVE_INFINITY, dueAtMs));
  };

  const countPut = ({ id, puts }: Line): void => {
    if (nowMs() - puts.sinceMs > putsWithin.ms) Object.assign(puts, { sinceMs: nowMs(), count: 0 });
    puts.count++;
    if (puts.count > putsWithin.most) violations.add('to_and_fro', `${id}, ${puts.count} times since ${puts.sinceMs}`);
  };

  const end = (line: Line, round: number, status: DeliveryStatus): void => {
    const ends = line.ends.get(round) ?? new Set<DeliveryStatus>();
    line.ends.set(round, ends);
    ends.add(status);
    const isExplained = mayRepeat(line) || line.cancelled.has(round);
    if (ends.size > 1 && !isExplained)
      violations.add('ended_twice', `${line.id} round ${round}: ${[...ends].join(', ')}`);
  };

  return {
    all: () => lines.values(),
    find: (deliveryId) => lines.get(deliveryId),
    ofEndpoint: (endpointId) => byEndpoint.get(endpointId) ?? [],
    written(by, topic, delivery) {
      const line = lineOf(delivery);
      const { round, attempt, cancel } = delivery;
      if (cancel) line.cancelled.add(round);
      else if (round > line.newestRound || (round === line.newestRound && attempt > line.newestAttempt)) {
        line.newestRound = round;
        line.newestAttempt = attempt;
        line.record = delivery;
      }
      if (topic !== topicNames.deliveries) {
        noteDue(line, delivery);
        countPut(line);
        noteHandOver(by, delivery);
      }
      return { line, round, attempt, isOrder: cancel };
    },
    attempted(by, { attemptId, deliveryId, number, round, startedAtMs, status }) {
      const line = lines.get(deliveryId);
      if (line === undefined) return violations.add('phantom', `an attempt of ${deliveryId}, which nobody planned`);
      // The same record may be on the log twice.
      const made = line.attempts.get(number) ?? new Set();
      line.attempts.set(number, made.add(attemptId));
      line.lastAttempt = Math.max(line.lastAttempt, number);
      if (made.size > 1 && !mayRepeat(line))
        violations.add('repeated', `${deliveryId} attempt ${number} of round ${round}, by ${by}`);
      const dueAtMs = line.dueAtMs.get(`${round}/${number}`);
      if (dueAtMs !== undefined && startedAtMs + clocks.spreadMs() < dueAtMs)
        violations.add('before_due', `${deliveryId} attempt ${number}, ${dueAtMs - startedAtMs} ms`);
      const state = fromProto.status(status);
      if (state !== undefined && isTerminal(state)) end(line, round, state);
    },
    changed(by, { deliveryId, endpointId, round, status, reason, atMs }) {
      const line = lines.get(deliveryId);
      const state = fromProto.status(status);
      if (line === undefined || state === undefined) return;
      if (state !== 'pending' && reason !== 'cancelled_by_user')
        mustOwn(by, endpointId, atMs, `said ${state} (${reason}) of ${deliveryId}`);
      if (isTerminal(state)) end(line, round, state);
    },
    mayRepeat,
  };
};
