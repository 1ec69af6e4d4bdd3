import type { Clock } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';

/** What the deliverer may start now, per endpoint and in all. */
export interface AdmissionOptions {
  clock: Clock;
  /** Requests in flight of this process. */
  maxInFlight: number;
  /** A delivery that would wait longer than this behind a slow endpoint is spilled. @default 2000 */
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
  /** When each request in flight began, the oldest first. */
  begun: Set<{ atMs: number }>;
  queue: Candidate[];
  /** Exponentially weighted mean duration of a request, in milliseconds. */
  meanMs: number;
}

export interface Admission {
  admit(candidate: Candidate): void;
  inFlight(): number;
  queued(): number;
  /** Spills what waits behind endpoints that have turned out to be slow: called several times a second. */
  sweep(): void;
}

const restingEndpoints = 20_000;
const startingMeanMs = 50;
const weight = 0.1;
/**
 * An endpoint that answers faster than this is not what its deliveries wait for: the process is, and spilling would only
 * make it more work (at 64 at a time, 250 ms are 256 requests a second). Their number is bounded by the worker's window.
 */
const slowMs = 250;

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
    const made: Line = { begun: new Set(), queue: [], meanMs: restingMeans.get(endpointId) ?? startingMeanMs };
    lines.set(endpointId, made);
    return made;
  };

  /** What a request takes: no less than the oldest one in flight has taken already. */
  const durationOf = (line: Line): number => {
    const [oldest] = line.begun;
    return oldest === undefined ? line.meanMs : Math.max(line.meanMs, clock.now() - oldest.atMs);
  };

  const waitOf = (line: Line, maxConcurrency: number): number =>
    ((line.queue.length + 1) * durationOf(line)) / maxConcurrency;

  /** How many may wait for an endpoint. */
  const roomOf = (line: Line, maxConcurrency: number): number => {
    const durationMs = durationOf(line);
    return durationMs < slowMs ? Number.POSITIVE_INFINITY : Math.floor((maxQueueMs * maxConcurrency) / durationMs);
  };

  const start = (candidate: Candidate, line: Line): void => {
    const begun = { atMs: clock.now() };
    line.begun.add(begun);
    inFlight++;
    let isReleased = false;
    candidate.start({
      release: (durationMs) => {
        if (isReleased) return;
        isReleased = true;
        line.begun.delete(begun);
        inFlight--;
        line.meanMs += weight * (durationMs - line.meanMs);
        if (line.queue.length > 0) turn.add(candidate.endpointId);
        else if (line.begun.size === 0) {
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
      if (head === undefined || line.begun.size >= head.maxConcurrency) continue;
      line.queue.shift();
      queued--;
      // Behind the others; a line that has no slot left is dropped at its next turn and comes back with a release.
      if (line.queue.length > 0) turn.add(endpointId);
      start(head, line);
    }
  };

  const spillBeyond = (line: Line, room: number): void => {
    const spilled = line.queue.splice(room);
    queued -= spilled.length;
    spilled.forEach((candidate, index) => {
      candidate.spill(((room + index + 1) * durationOf(line)) / candidate.maxConcurrency);
    });
  };

  return {
    admit: (candidate) => {
      const { endpointId, maxConcurrency } = candidate;
      const line = lineOf(endpointId);
      if (inFlight < maxInFlight && line.begun.size < maxConcurrency && line.queue.length === 0) {
        start(candidate, line);
      } else if (line.queue.length < roomOf(line, maxConcurrency)) {
        line.queue.push(candidate);
        queued++;
        turn.add(endpointId);
      } else candidate.spill(waitOf(line, maxConcurrency));
    },
    inFlight: () => inFlight,
    queued: () => queued,
    sweep: () => {
      for (const line of lines.values()) {
        const [head] = line.queue;
        if (head !== undefined) spillBeyond(line, roomOf(line, head.maxConcurrency));
      }
    },
  };
};
