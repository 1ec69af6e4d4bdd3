import type { Stopwatch } from '@bellwire/domain';
import { ended, limitOf, waitingIn, type Line, type Room } from './endpoint-line.ts';
import { openEndpointLines, type EndpointLines, type Waiting } from './endpoint-lines.ts';
import { countInFlight } from './in-flight.ts';
import type { OwnLag } from './own-lag.ts';
import type { Ended } from './pace.ts';
import { openTurns } from './turns.ts';
import { shareOfEndpoint } from './window.ts';

/** What the deliverer may start now, per endpoint, per tenant and in all. */
export interface AdmissionOptions {
  /** Nothing in here is a time of day. */
  clock: Stopwatch;
  /** Deliveries of this process that are started and not committed yet: what a crash may repeat. */
  maxInFlight: number;
  /** A delivery that would wait longer than this behind a slow endpoint is spilled. @default 2000 */
  maxQueueMs?: number;
  /** What may wait for one endpoint that is slower than this process. @default its share of the window of a partition */
  share?: Room;
  /** False where another process may have what waits here: nothing starts, and the next sweep asks again. @default true */
  mayStart?: () => boolean;
  /** @default it sees at once what its requests do */
  lag?: Pick<OwnLag, 'ms' | 'seenMs'>;
}

export interface Slot {
  /** The request has ended, or was not made at all: the next one of the endpoint may start. */
  ended(how?: Ended): void;
  /** A crash no longer repeats it: the process may start another one, and so goes no faster than it can record. */
  committed(): void;
}

export interface Candidate extends Waiting {
  tenantId: string;
  /** Not the first attempt of its round. */
  isRetry: boolean;
  /** Its turn has come: what starts it. Undefined where it does not start now, and has been seen to. */
  begin(hasWaited: boolean): ((slot: Slot) => void) | undefined;
}

type Lines = EndpointLines<Candidate>;

const noLag = (clock: Stopwatch): Pick<OwnLag, 'ms' | 'seenMs'> => ({ ms: () => 0, seenMs: () => clock.now() });

export interface Admission extends Pick<Lines, 'turnAfter' | 'restartSlowly' | 'queued' | 'letGo'> {
  /** Starts it, lets it wait for a moment, or spills it. */
  admit(candidate: Candidate): void;
  inFlight(): number;
  /** To be called at an interval: spills what waits behind endpoints that have turned out to be slow, starts what may. */
  sweep(): void;
}

/**
 * Starts a delivery now, lets it wait for a moment in memory, or spills it to a tier, so that an endpoint which is slow
 * takes at most its own slots and a short queue. Tenants that wait are served in turn, and their endpoints in turn.
 */
export const makeAdmission = (options: AdmissionOptions): Admission => {
  const { clock, maxInFlight, maxQueueMs = 2000, share = shareOfEndpoint } = options;
  const { mayStart = () => true, lag = noLag(clock) } = options;
  const lines: Lines = openEndpointLines({ clock, maxQueueMs, share, seenMs: lag.seenMs });
  const turns = openTurns();
  const inFlight = countInFlight(maxInFlight, mayStart);
  /** Endpoints of which only retries wait, for which there is no room, with their tenants: until a retry has ended. */
  const waitingForRetries = new Map<string, string>();
  let isServing = false;

  const startNext = (line: Line<Candidate>, candidate: Candidate, hasWaited: boolean): void => {
    const { endpointId, tenantId, maxConcurrency, isRetry } = candidate;
    const start = candidate.begin(hasWaited);
    if (start === undefined) return lines.restIfIdle(endpointId, line);
    const begun = { atMs: clock.now() };
    line.begun.add(begun);
    inFlight.begin(candidate);
    start({
      ended: (how) => {
        ended(line, begun, how, { maxConcurrency, nowMs: clock.now(), lagMs: lag.ms() });
        if (waitingIn(line) > 0) turns.add(tenantId, endpointId);
        else lines.restIfIdle(endpointId, line);
        serve();
      },
      committed: () => {
        inFlight.end(candidate);
        if (isRetry) {
          for (const [waitingId, of] of waitingForRetries) turns.add(of, waitingId);
          waitingForRetries.clear();
        }
        serve();
      },
    });
  };

  /** The next of a line: first attempts and retries by turns, as far as there is room for retries. */
  const takeNext = (line: Line<Candidate>): Candidate | undefined => {
    const hasRetry = line.retries.length > 0 && inFlight.hasRoomForRetry();
    const isRetryNext = hasRetry && (line.fresh.length === 0 || line.begun.size % 2 === 1);
    return isRetryNext ? line.retries.shift() : line.fresh.shift();
  };

  /** Starts one delivery of an endpoint. One that is full is passed over, and comes back when a request of it ends. */
  const serveOne = (endpointId: string): 'more' | 'done' => {
    const line = lines.find(endpointId);
    const head = line?.fresh[0] ?? line?.retries[0];
    if (line === undefined || head === undefined) return 'done';
    if (line.begun.size >= limitOf(line, head.maxConcurrency)) return 'done';
    const next = takeNext(line);
    if (next === undefined) waitingForRetries.set(endpointId, head.tenantId);
    else startNext(line, next, true);
    return next !== undefined && waitingIn(line) > 0 ? 'more' : 'done';
  };

  const serve = (): void => {
    // What ends at once while it is served is served by the same loop.
    if (isServing) return;
    isServing = true;
    try {
      turns.each({ isFull: inFlight.isFull, isHeldBack: inFlight.isOverShare, serve: serveOne });
    } finally {
      isServing = false;
    }
  };

  const isFreeFor = (line: Line<Candidate>, { tenantId, maxConcurrency, isRetry }: Candidate): boolean =>
    !inFlight.isFull() &&
    !inFlight.isOverShare(tenantId) &&
    (!isRetry || inFlight.hasRoomForRetry()) &&
    line.begun.size < limitOf(line, maxConcurrency) &&
    waitingIn(line) === 0;

  return {
    ...lines,
    admit: (candidate) => {
      const line = lines.of(candidate);
      if (isFreeFor(line, candidate)) startNext(line, candidate, false);
      else if (lines.hasRoom(line, candidate)) {
        (candidate.isRetry ? line.retries : line.fresh).push(candidate);
        turns.add(candidate.tenantId, candidate.endpointId);
        if (!inFlight.isFull()) serve();
      } else lines.spill(line, candidate);
    },
    inFlight: inFlight.total,
    sweep: () => (lines.sweep(), serve()),
  };
};
