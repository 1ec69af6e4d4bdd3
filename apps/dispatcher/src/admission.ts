import type { Clock } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';

/** What the deliverer may start now, per endpoint and in all. */
export interface AdmissionOptions {
  clock: Clock;
  /** Requests in flight of this process. */
  maxInFlight: number;
  /** A delivery that would wait longer than this, by estimate or by the clock, is spilled. @default 2000 */
  maxQueueMs?: number;
}

export interface Slot {
  /** Called when the request has ended: the next one of the endpoint, or of another that waits, starts. */
  release(durationMs: number): void;
}

export interface Candidate {
  endpointId: string;
  maxConcurrency: number;
  start(slot: Slot): void;
  /** There was no slot in time; `waitMs` is how long the backlog before it is estimated to take. */
  spill(waitMs: number): void;
}

interface Line {
  inFlight: number;
  queue: { candidate: Candidate; queuedAtMs: number }[];
  /** Exponentially weighted mean duration of a request, in milliseconds. */
  meanMs: number;
}

export interface Admission {
  admit(candidate: Candidate): void;
  inFlight(): number;
  queued(): number;
  /** Spills what has waited too long: called once a second. */
  sweep(): void;
}

const restingEndpoints = 20_000;
const startingMeanMs = 50;
const weight = 0.1;

/**
 * Starts a delivery now, lets it wait for a moment in memory, or spills it to a tier, so that an endpoint which is slow
 * takes at most its own slots and a short queue. Endpoints that wait are served in turn.
 */
export const makeAdmission = ({ clock, maxInFlight, maxQueueMs = 2000 }: AdmissionOptions): Admission => {
  const lines = new Map<string, Line>();
  /** Of endpoints that have nothing to do at the moment: how long their requests took. */
  const restingMeans = new LRUCache<string, number>({ max: restingEndpoints });
  /** Endpoints that have something queued and a slot of their own left, in the order in which they are served next. */
  const turn = new Set<string>();
  let inFlight = 0;
  let queued = 0;

  const lineOf = (endpointId: string): Line => {
    const known = lines.get(endpointId);
    if (known !== undefined) return known;
    const made: Line = { inFlight: 0, queue: [], meanMs: restingMeans.get(endpointId) ?? startingMeanMs };
    lines.set(endpointId, made);
    return made;
  };

  const waitOf = (line: Line, maxConcurrency: number): number =>
    ((line.queue.length + 1) * line.meanMs) / maxConcurrency;

  const start = (candidate: Candidate, line: Line): void => {
    line.inFlight++;
    inFlight++;
    let isReleased = false;
    candidate.start({
      release: (durationMs) => {
        if (isReleased) return;
        isReleased = true;
        line.inFlight--;
        inFlight--;
        line.meanMs += weight * (durationMs - line.meanMs);
        if (line.queue.length > 0) turn.add(candidate.endpointId);
        else if (line.inFlight === 0) {
          lines.delete(candidate.endpointId);
          restingMeans.set(candidate.endpointId, line.meanMs);
        }
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
      if (head === undefined || line.inFlight >= head.candidate.maxConcurrency) continue;
      line.queue.shift();
      queued--;
      // Behind the others; a line that has no slot left is dropped at its next turn and comes back with a release.
      if (line.queue.length > 0) turn.add(endpointId);
      start(head.candidate, line);
    }
  };

  const spillOlderThan = (line: Line, queuedAtMs: number): void => {
    const old = line.queue.findIndex((waiting) => waiting.queuedAtMs >= queuedAtMs);
    const spilled = line.queue.splice(0, old === -1 ? line.queue.length : old);
    queued -= spilled.length;
    for (const { candidate } of spilled) candidate.spill(waitOf(line, candidate.maxConcurrency));
  };

  return {
    admit: (candidate) => {
      const line = lineOf(candidate.endpointId);
      const waitMs = waitOf(line, candidate.maxConcurrency);
      if (inFlight < maxInFlight && line.inFlight < candidate.maxConcurrency && line.queue.length === 0) {
        start(candidate, line);
      } else if (waitMs <= maxQueueMs) {
        line.queue.push({ candidate, queuedAtMs: clock.now() });
        queued++;
        turn.add(candidate.endpointId);
      } else candidate.spill(waitMs);
    },
    inFlight: () => inFlight,
    queued: () => queued,
    sweep: () => {
      const oldest = clock.now() - 2 * maxQueueMs;
      for (const line of lines.values()) spillOlderThan(line, oldest);
    },
  };
};
