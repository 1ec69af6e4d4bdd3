import type { Clock } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';
import { ended, newLine, roomOf, waitOf, type Line } from './endpoint-line.ts';

/** What the deliverer may start now, per endpoint and in all. */
export interface AdmissionOptions {
  clock: Clock;
  /** Deliveries of this process that are started and not committed yet: what a crash may repeat. */
  maxInFlight: number;
  /** A delivery that would wait longer than this behind a slow endpoint is spilled. @default 2000 */
  maxQueueMs?: number;
}

export interface Slot {
  /** The request has ended, or was not made at all: the next one of the endpoint may start. */
  ended(durationMs?: number): void;
  /** A crash no longer repeats it: the process may start another one, and so goes no faster than it can record. */
  committed(): void;
}

export interface Candidate {
  endpointId: string;
  maxConcurrency: number;
  start(slot: Slot): void;
  /** There was no slot in time; `waitMs` is how long the backlog before it is estimated to take. */
  spill(waitMs: number): void;
}

export interface Admission {
  admit(candidate: Candidate): void;
  inFlight(): number;
  queued(): number;
  /** Spills what waits behind endpoints that have turned out to be slow: called several times a second. */
  sweep(): void;
}

const restingEndpoints = 20_000;

/**
 * Starts a delivery now, lets it wait for a moment in memory, or spills it to a tier, so that an endpoint which is slow
 * takes at most its own slots and a short queue. Endpoints that wait are served in turn.
 */
export const makeAdmission = ({ clock, maxInFlight, maxQueueMs = 2000 }: AdmissionOptions): Admission => {
  const lines = new Map<string, Line<Candidate>>();
  /** Of endpoints that have nothing to do at the moment: how long their requests took. */
  const restingMeans = new LRUCache<string, number>({ max: restingEndpoints });
  /** Endpoints that have something queued and a slot of their own left, in the order in which they are served next. */
  const turn = new Set<string>();
  let inFlight = 0;
  let queued = 0;

  const lineOf = (endpointId: string): Line<Candidate> => {
    const known = lines.get(endpointId);
    if (known !== undefined) return known;
    const made = newLine<Candidate>(restingMeans.get(endpointId));
    lines.set(endpointId, made);
    return made;
  };

  const start = (candidate: Candidate, line: Line<Candidate>): void => {
    const begun = { atMs: clock.now() };
    line.begun.add(begun);
    inFlight++;
    candidate.start({
      ended: (durationMs) => {
        ended(line, begun, durationMs);
        if (line.queue.length > 0) turn.add(candidate.endpointId);
        else if (line.begun.size === 0) {
          lines.delete(candidate.endpointId);
          restingMeans.set(candidate.endpointId, line.meanMs);
        }
        serve();
      },
      committed: () => {
        inFlight--;
        serve();
      },
    });
  };

  /** Starts what can be started, one of each endpoint in turn. */
  const serve = (): void => {
    for (const endpointId of turn) {
      if (inFlight >= maxInFlight) return;
      turn.delete(endpointId);
      const line = lineOf(endpointId);
      const [head] = line.queue;
      if (head === undefined || line.begun.size >= head.maxConcurrency) continue;
      line.queue.shift();
      queued--;
      // Behind the others; a line that has no slot left is dropped at its next turn and comes back with a release.
      if (line.queue.length > 0) turn.add(endpointId);
      start(head, line);
    }
  };

  const waitFor = (line: Line<Candidate>, ahead: number, maxConcurrency: number): number =>
    waitOf(line, { ahead, maxConcurrency, nowMs: clock.now() });

  const roomFor = (line: Line<Candidate>, maxConcurrency: number): number =>
    roomOf(line, { maxQueueMs, maxConcurrency, nowMs: clock.now() });

  const spillBeyond = (line: Line<Candidate>, room: number): void => {
    const spilled = line.queue.splice(room);
    queued -= spilled.length;
    spilled.forEach((each, index) => each.spill(waitFor(line, room + index, each.maxConcurrency)));
  };

  return {
    admit: (candidate) => {
      const { endpointId, maxConcurrency } = candidate;
      const line = lineOf(endpointId);
      if (inFlight < maxInFlight && line.begun.size < maxConcurrency && line.queue.length === 0) {
        start(candidate, line);
      } else if (line.queue.length < roomFor(line, maxConcurrency)) {
        line.queue.push(candidate);
        queued++;
        turn.add(endpointId);
      } else candidate.spill(waitFor(line, line.queue.length, maxConcurrency));
    },
    inFlight: () => inFlight,
    queued: () => queued,
    sweep: () => {
      for (const line of lines.values()) {
        const [head] = line.queue;
        if (head !== undefined) spillBeyond(line, roomFor(line, head.maxConcurrency));
      }
    },
  };
};
