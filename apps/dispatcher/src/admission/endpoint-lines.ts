import type { Clock } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';
import {
  countSpilled,
  forgetSpilled,
  newLine,
  restartSlowly,
  roomOf,
  turnOf,
  waitingIn,
  waitOf,
  type Line,
  type Pace,
} from './endpoint-line.ts';

export interface Waiting {
  endpointId: string;
  maxConcurrency: number;
  /** There was no slot in time; `waitMs` is how long the backlog before it is estimated to take. */
  spill(waitMs: number): void;
}

/** The lines of all endpoints that have something in flight, waiting or spilled. */
export interface EndpointLines<Candidate extends Waiting> {
  of(endpoint: { endpointId: string; maxConcurrency: number }): Line<Candidate>;
  find(endpointId: string): Line<Candidate> | undefined;
  /** Forgets a line that is empty, but for how the endpoint has done. */
  restIfIdle(endpointId: string, line: Line<Candidate>): void;
  hasRoom(line: Line<Candidate>, maxConcurrency: number): boolean;
  /** Hands over one that comes at the end of its line. */
  spill(line: Line<Candidate>, candidate: Candidate): void;
  /** Counts one that is handed to a tier until the endpoint may be tried again, and says when its own turn comes after that. */
  handedOver(endpoint: { endpointId: string; maxConcurrency: number }, untilMs: number): number;
  /** One that was handed over is back. */
  returned(endpointId: string): void;
  /** From one request at a time on. */
  restartSlowly(endpointId: string): void;
  queued(): number;
  /** Spills what waits behind endpoints that have turned out to be slow. */
  sweep(): void;
}

const restingEndpoints = 20_000;

export interface EndpointLinesOptions {
  clock: Clock;
  /** A delivery that would wait longer than this behind a slow endpoint is spilled. */
  maxQueueMs: number;
}

export const openEndpointLines = <Candidate extends Waiting>({
  clock,
  maxQueueMs,
}: EndpointLinesOptions): EndpointLines<Candidate> => {
  const lines = new Map<string, Line<Candidate>>();
  /** Of endpoints that have nothing to do at the moment. */
  const resting = new LRUCache<string, Pace>({ max: restingEndpoints });

  const of: EndpointLines<Candidate>['of'] = ({ endpointId, maxConcurrency }) => {
    const known = lines.get(endpointId);
    if (known !== undefined) return known;
    const made = newLine<Candidate>(maxConcurrency, resting.get(endpointId));
    lines.set(endpointId, made);
    return made;
  };

  const restIfIdle = (endpointId: string, line: Line<Candidate>): void => {
    if (line.begun.size > 0 || line.spilled > 0 || waitingIn(line) > 0) return;
    lines.delete(endpointId);
    resting.set(endpointId, line.pace);
  };

  const waitFor = (line: Line<Candidate>, ahead: number, maxConcurrency: number): number =>
    waitOf(line, { ahead: ahead + line.spilled, maxConcurrency, nowMs: clock.now() });

  const roomFor = (line: Line<Candidate>, maxConcurrency: number): number =>
    roomOf(line, { maxQueueMs, maxConcurrency, nowMs: clock.now() });

  const spill = (line: Line<Candidate>, candidate: Candidate): void => {
    const waitMs = waitFor(line, waitingIn(line), candidate.maxConcurrency);
    countSpilled(line, clock.now());
    candidate.spill(waitMs);
  };

  const spillBeyond = (line: Line<Candidate>, room: number): void => {
    const retries = line.retries.splice(Math.max(0, room - line.fresh.length));
    const fresh = line.fresh.splice(room);
    for (const each of [...fresh, ...retries]) spill(line, each);
  };

  return {
    of,
    find: (endpointId) => lines.get(endpointId),
    restIfIdle,
    hasRoom: (line, maxConcurrency) => waitingIn(line) < roomFor(line, maxConcurrency),
    spill,
    handedOver: (endpoint, untilMs) => {
      const line = of(endpoint);
      countSpilled(line, clock.now());
      return turnOf(line, untilMs, endpoint.maxConcurrency);
    },
    returned: (endpointId) => {
      const line = lines.get(endpointId);
      if (line !== undefined && line.spilled > 0) line.spilled--;
    },
    restartSlowly: (endpointId) => {
      const line = lines.get(endpointId);
      if (line !== undefined) restartSlowly(line, clock.now());
      else resting.delete(endpointId);
    },
    queued: () => [...lines.values()].reduce((sum, line) => sum + waitingIn(line), 0),
    sweep: () => {
      for (const [endpointId, line] of lines) {
        forgetSpilled(line, clock.now());
        const head = line.fresh[0] ?? line.retries[0];
        if (head !== undefined) spillBeyond(line, roomFor(line, head.maxConcurrency));
        restIfIdle(endpointId, line);
      }
    },
  };
};
