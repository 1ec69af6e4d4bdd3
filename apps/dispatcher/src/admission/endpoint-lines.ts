import type { Stopwatch } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';
import {
  hasTurns,
  newLine,
  restartSlowly,
  roomOf,
  turnOf,
  waitingIn,
  waitOf,
  type Line,
  type Room,
} from './endpoint-line.ts';
import { newPace, type Pace } from './pace.ts';

export interface Waiting {
  endpointId: string;
  maxConcurrency: number;
  /** Of its record. */
  bytes: number;
  /** How often it was handed to a tier before. */
  spills: number;
  /** There was no slot in time: how long it waits in a tier, in milliseconds. */
  spill(waitMs: number): void;
  /** False where its partition has moved away, or we stop: nothing may be begun. */
  isCurrent(): boolean;
  /** Leaves it to its next owner. */
  release(): void;
}

/** The lines of all endpoints that have something in flight, waiting or in a tier. */
export interface EndpointLines<Candidate extends Waiting> {
  of(endpoint: { endpointId: string; maxConcurrency: number }): Line<Candidate>;
  find(endpointId: string): Line<Candidate> | undefined;
  /** Forgets a line that is empty, but for how the endpoint has done. */
  restIfIdle(endpointId: string, line: Line<Candidate>): void;
  hasRoom(line: Line<Candidate>, candidate: Candidate): boolean;
  /** Hands over one that comes at the end of its line. */
  spill(line: Line<Candidate>, candidate: Candidate): void;
  /** How long one waits in a tier that is handed to it until the endpoint may be tried again, so many milliseconds from now. */
  turnAfter(delivery: Pick<Waiting, 'endpointId' | 'maxConcurrency' | 'spills'>, waitMs: number): number;
  /** From one request at a time on. */
  restartSlowly(endpointId: string): void;
  queued(): number;
  /** Releases what waits and is not ours any more. */
  letGo(): void;
  /** Spills what waits behind endpoints that have turned out to be slow. */
  sweep(): void;
}

const restingEndpoints = 20_000;

/** Takes out of a line what is not ours any more. */
const releasable = <Candidate extends Waiting>(line: Line<Candidate>): readonly Candidate[] => {
  const gone = [...line.fresh, ...line.retries].filter((each) => !each.isCurrent());
  if (gone.length === 0) return gone;
  line.fresh = line.fresh.filter((each) => each.isCurrent());
  line.retries = line.retries.filter((each) => each.isCurrent());
  return gone;
};

const bytesOf = (candidates: readonly Waiting[]): number => candidates.reduce((sum, { bytes }) => sum + bytes, 0);

/** How many of them, from the first on, there is room for. A large one is let in where nothing else is. */
const fitting = (candidates: readonly Waiting[], { records, bytes }: Room): number => {
  let left = bytes;
  const isBeyond = (nth: number): boolean => nth >= records || (nth > 0 && left < 0);
  const beyond = candidates.findIndex((candidate, nth) => {
    left -= candidate.bytes;
    return isBeyond(nth);
  });
  return beyond === -1 ? candidates.length : beyond;
};

export interface EndpointLinesOptions {
  /** Nothing in here is a time of day. */
  clock: Stopwatch;
  /** A delivery that would wait longer than this behind a slow endpoint is spilled. */
  maxQueueMs: number;
  /** What may wait for one endpoint that is slower than this process, whatever it would take in time. */
  share: Room;
  /** Until when it is known what has ended: how long an endpoint takes is told by that. */
  seenMs: () => number;
}

export const openEndpointLines = <Candidate extends Waiting>({
  clock,
  maxQueueMs,
  share,
  seenMs,
}: EndpointLinesOptions): EndpointLines<Candidate> => {
  const lines = new Map<string, Line<Candidate>>();
  /** Of endpoints that have nothing to do at the moment. */
  const resting = new LRUCache<string, Pace>({ max: restingEndpoints });

  const of: EndpointLines<Candidate>['of'] = ({ endpointId, maxConcurrency }) => {
    const known = lines.get(endpointId);
    if (known !== undefined) return known;
    const made = newLine<Candidate>(resting.get(endpointId) ?? newPace(maxConcurrency, clock.now()));
    lines.set(endpointId, made);
    return made;
  };

  const restIfIdle = (endpointId: string, line: Line<Candidate>): void => {
    if (line.begun.size > 0 || waitingIn(line) > 0 || hasTurns(line, clock.now())) return;
    lines.delete(endpointId);
    resting.set(endpointId, line.pace);
  };

  const roomFor = (line: Line<Candidate>, maxConcurrency: number): Room =>
    roomOf(line, { maxQueueMs, share, maxConcurrency, nowMs: seenMs() });

  const spill = (line: Line<Candidate>, candidate: Candidate): void => {
    const { maxConcurrency, spills } = candidate;
    const seen = { maxConcurrency, nowMs: seenMs() };
    const nowMs = clock.now();
    const earliestMs = nowMs + waitOf(line, { ahead: waitingIn(line), ...seen });
    candidate.spill(turnOf(line, { earliestMs, spills }, seen) - nowMs);
  };

  const spillBeyond = (line: Line<Candidate>, room: Room): void => {
    const fresh = line.fresh.splice(fitting(line.fresh, room));
    const left = { records: room.records - line.fresh.length, bytes: room.bytes - bytesOf(line.fresh) };
    const retries = line.retries.splice(fitting(line.retries, left));
    for (const each of [...fresh, ...retries]) spill(line, each);
  };

  return {
    of,
    find: (endpointId) => lines.get(endpointId),
    restIfIdle,
    hasRoom: (line, { maxConcurrency, bytes }) => {
      const room = roomFor(line, maxConcurrency);
      const waiting = waitingIn(line);
      if (waiting >= room.records) return false;
      if (waiting === 0 || room.bytes === Number.POSITIVE_INFINITY) return true;
      return bytesOf(line.fresh) + bytesOf(line.retries) + bytes <= room.bytes;
    },
    spill,
    turnAfter: ({ spills, ...endpoint }, waitMs) => {
      const nowMs = clock.now();
      const ask = { earliestMs: nowMs + waitMs, spills };
      return turnOf(of(endpoint), ask, { ...endpoint, nowMs: seenMs() }) - nowMs;
    },
    restartSlowly: (endpointId) => {
      const line = lines.get(endpointId);
      if (line !== undefined) restartSlowly(line, clock.now());
      else resting.delete(endpointId);
    },
    letGo: () => {
      for (const [endpointId, line] of lines) {
        for (const each of releasable(line)) each.release();
        restIfIdle(endpointId, line);
      }
    },
    queued: () => [...lines.values()].reduce((sum, line) => sum + waitingIn(line), 0),
    sweep: () => {
      for (const [endpointId, line] of lines) {
        const head = line.fresh[0] ?? line.retries[0];
        if (head !== undefined) spillBeyond(line, roomFor(line, head.maxConcurrency));
        restIfIdle(endpointId, line);
      }
    },
  };
};
