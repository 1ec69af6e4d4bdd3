import type { EndpointState } from '@bellwire/contracts';
import type { Send } from '@bellwire/dispatcher';
import type { AttemptOutcome } from '@bellwire/domain';
import type { FaultKind } from '../faults/fault-counts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Line } from '../ledger/lines.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';
import { replyOf, type Reply, type Temper } from './tempers.ts';

/** What a process knows of registry at the moment. */
export interface Known {
  endpoint(endpointId: string): EndpointState | undefined;
  /** Requests to it that may be under way. */
  mostAtOnce(endpointId: string): number;
}

export interface Receivers {
  add(endpointId: string, temper: Temper): void;
  /** How one process sends. */
  sendFrom(gate: ProcessGate, known: Known): Send;
  /** From now on they answer well. */
  calm(): void;
}

interface Receiver {
  temper: Temper;
  requests: number;
}

/** Requests of one process under way, in all and by endpoint. */
interface UnderWay {
  total: number;
  byEndpoint: Map<string, number>;
}

const kindOf: Partial<Record<Temper, FaultKind>> = {
  fails: 'receiver.fails',
  hangs: 'receiver.hangs',
  too_many_requests: 'receiver.too_many_requests',
  unavailable: 'receiver.unavailable',
  flaps: 'receiver.flaps',
  resets: 'receiver.resets',
  gone: 'receiver.gone',
};

export const urlOf = (endpointId: string): string => `https://${endpointId}.example/hook`;
const endpointOf = (url: string): string => new URL(url).hostname.replace('.example', '');

const outcomeOf = (reply: Reply | undefined, timeoutMs: number): AttemptOutcome => {
  if (reply === undefined || reply.afterMs >= timeoutMs)
    return { outcome: 'timed_out', durationMs: timeoutMs, timings: {} };
  const { status, retryAfterMs, outcome, afterMs: durationMs } = reply;
  if (status === undefined) return { outcome, durationMs, timings: {} };
  return { outcome, durationMs, timings: {}, retryAfterMs, response: { status, headers: {}, body: '' } };
};

export interface ReceiversOptions {
  world: World;
  ledger: Ledger;
  maxInFlight: number;
}

export const openReceivers = ({ world, ledger, maxInFlight }: ReceiversOptions): Receivers => {
  const { time, trace } = world;
  const dice = world.dice.fork();
  const receivers = new Map<string, Receiver>();
  const { violations, deliveries, events } = ledger;
  let isCalm = false;

  const linesOf = (eventId: string, endpointId: string): readonly Line[] =>
    deliveries.ofEndpoint(endpointId).filter((line) => line.eventId === eventId);

  const checkBounds = (by: string, endpointId: string, known: Known, underWay: UnderWay): void => {
    const ofEndpoint = underWay.byEndpoint.get(endpointId) ?? 0;
    const allowed = known.mostAtOnce(endpointId);
    if (known.endpoint(endpointId)?.endpoint?.enabled !== true)
      violations.add('after_edit', `${by} sends to ${endpointId}`);
    else if (ofEndpoint > allowed)
      violations.add('too_many_in_flight', `${by} has ${ofEndpoint} of ${allowed} to ${endpointId}`);
    if (underWay.total > maxInFlight)
      violations.add('too_many_in_flight', `${by} has ${underWay.total} of ${maxInFlight}`);
  };

  const checkRequest = (by: string, eventId: string, endpointId: string): Line | undefined => {
    const [line, other] = linesOf(eventId, endpointId);
    if (line === undefined || !events.has(eventId)) violations.add('phantom', `${eventId} to ${endpointId}`);
    // Of one id and two acceptances, while keys could not be reserved: the request does not say which.
    else if (other !== undefined) return undefined;
    else if (line.requestsUnderWay > 0 && !deliveries.mayRepeat(line))
      violations.add('repeated', `${line.id} is under way already, and ${by} sends it`);
    return line;
  };

  const replyTo = (receiver: Receiver, by: string): Reply | undefined => {
    const reply = replyOf(receiver.temper, dice, { nowMs: time.nowMs(), nth: receiver.requests++, isCalm });
    const kind = kindOf[receiver.temper];
    if (kind !== undefined && reply?.outcome !== 'delivered') trace.strike(kind, by);
    else if (receiver.temper === 'slow_start' && (reply?.afterMs ?? 0) > 400) trace.strike('receiver.slow_start', by);
    return reply;
  };

  return {
    add: (endpointId, temper) => void receivers.set(endpointId, { temper, requests: 0 }),
    calm: () => void (isCalm = true),
    sendFrom: (gate, known) => {
      const underWay: UnderWay = { total: 0, byEndpoint: new Map() };
      const count = (endpointId: string, change: 1 | -1): void => {
        underWay.total += change;
        underWay.byEndpoint.set(endpointId, (underWay.byEndpoint.get(endpointId) ?? 0) + change);
      };
      return ({ url, headers, timeoutMs }) => {
        const endpointId = endpointOf(url);
        const eventId = headers['webhook-id'] ?? '';
        const receiver = receivers.get(endpointId);
        if (receiver === undefined) throw new Error(`there is no receiver ${endpointId}`);
        count(endpointId, 1);
        checkBounds(gate.name, endpointId, known, underWay);
        const line = checkRequest(gate.name, eventId, endpointId);
        if (line !== undefined) line.requestsUnderWay++;
        const result = outcomeOf(replyTo(receiver, gate.name), timeoutMs);
        trace.say(
          gate.name,
          () => `sends ${eventId} to ${endpointId}: ${result.outcome} in ${Math.round(result.durationMs)}`,
        );
        return new Promise((resolve) => {
          time.after(result.durationMs, () => {
            if (line !== undefined) line.requestsUnderWay--;
            gate.enter(() => {
              count(endpointId, -1);
              resolve(result);
            });
          });
        });
      };
    },
  };
};
