import type { Random } from '@bellwire/domain';

/** Keeps requests away from an endpoint that does not answer, and finds out when it does again. */
export type BreakerState =
  | {
      readonly kind: 'closed';
      /** When it closed last, 0 if it was never open: results of requests that started before are from another time. */
      readonly closedAtMs: number;
      readonly slices: readonly Slice[];
      /** Unreachable results in a row. */
      readonly unreachable: number;
    }
  | OpenBreaker
  /** One request is under way to find out whether the receiver is back. */
  | { readonly kind: 'half_open'; readonly untilMs: number; readonly openings: number };

interface OpenBreaker {
  readonly kind: 'open';
  readonly untilMs: number;
  /** How often it has opened without a success in between. */
  readonly openings: number;
}

/** The results of ten seconds. */
interface Slice {
  readonly index: number;
  readonly results: number;
  readonly failures: number;
}

export type BreakerVerdict =
  | { readonly kind: 'closed' }
  /** One request may be made: call {@link probeStarted} with it. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'open'; readonly untilMs: number };

/** How a request ended. A 4xx answer other than 429 is a success: the receiver is alive. */
export interface BreakerResult {
  /** failure: 5xx, 429 or a time-out. unreachable: no connection. */
  readonly result: 'success' | 'failure' | 'unreachable';
  readonly startedAtMs: number;
}

/** As it is written to the topic endpoint-state. */
export interface BreakerRecord {
  openUntilMs: number;
  openings: number;
}

const sliceMs = 10_000;
/** A minute, the slice of the moment among them. */
const keptSlices = 6;
const fewestResults = 20;
const failingShare = 0.5;
const unreachableInARow = 10;
const firstOpenMs = 30_000;
const longestOpenMs = 15 * 60_000;
const jitter = 0.2;
const probeWaitMs = 5000;

export const closedBreaker: BreakerState = { kind: 'closed', closedAtMs: 0, slices: [], unreachable: 0 };

export const breakerVerdict = (state: BreakerState, nowMs: number): BreakerVerdict => {
  if (state.kind === 'closed') return { kind: 'closed' };
  if (state.kind === 'half_open') return { kind: 'open', untilMs: nowMs + probeWaitMs };
  // One that would stay open for longer than any does: the clock was set back since.
  const isOpen = nowMs < state.untilMs && state.untilMs - nowMs <= lengthMs(state.openings) * (1 + jitter);
  return isOpen ? { kind: 'open', untilMs: state.untilMs } : { kind: 'probe' };
};

export const probeStarted = (state: BreakerState, nowMs: number): BreakerState =>
  state.kind === 'open' ? { ...state, kind: 'half_open', untilMs: Math.min(state.untilMs, nowMs) } : state;

/** The probe was not made after all: the next delivery may be it. */
export const probeAbandoned = (state: BreakerState): BreakerState =>
  state.kind === 'half_open' ? { ...state, kind: 'open' } : state;

const lengthMs = (openings: number): number => Math.min(firstOpenMs * 2 ** (openings - 1), longestOpenMs);

/** Open for 30 s, doubled each time up to 15 min, and up to a fifth longer by chance. */
const opened = (openings: number, nowMs: number, random: Random): OpenBreaker => {
  return { kind: 'open', untilMs: Math.round(nowMs + lengthMs(openings) * (1 + jitter * random())), openings };
};

/** With one result more; what is older than a minute is gone, and what lies ahead of a clock that was set back. */
const counted = (slices: readonly Slice[], isFailure: boolean, nowMs: number): readonly Slice[] => {
  const index = Math.floor(nowMs / sliceMs);
  const present = slices.find((slice) => slice.index === index) ?? { index, results: 0, failures: 0 };
  return [
    ...slices.filter((slice) => slice.index > index - keptSlices && slice.index < index),
    { index, results: present.results + 1, failures: present.failures + (isFailure ? 1 : 0) },
  ];
};

const isFailing = (slices: readonly Slice[]): boolean => {
  const results = slices.reduce((sum, slice) => sum + slice.results, 0);
  const failures = slices.reduce((sum, slice) => sum + slice.failures, 0);
  return results >= fewestResults && failures >= failingShare * results;
};

/**
 * A result of a request that started before the breaker opened changes nothing, a success neither: it left a receiver
 * that went away since, and the probe will tell. Only a request that started after the open time is the probe's.
 */
export const breakerAfter = (
  state: BreakerState,
  { result, startedAtMs }: BreakerResult,
  nowMs: number,
  random: Random,
): BreakerState => {
  if (state.kind === 'open') return state;
  if (state.kind === 'half_open') {
    if (startedAtMs < state.untilMs) return state;
    return result === 'success' ? { ...closedBreaker, closedAtMs: nowMs } : opened(state.openings + 1, nowMs, random);
  }
  const closedAtMs = Math.min(state.closedAtMs, nowMs);
  if (startedAtMs < closedAtMs) return closedAtMs === state.closedAtMs ? state : { ...state, closedAtMs };
  const slices = counted(state.slices, result !== 'success', nowMs);
  const unreachable = result === 'unreachable' ? state.unreachable + 1 : 0;
  if (isFailing(slices) || unreachable >= unreachableInARow) return opened(1, nowMs, random);
  return { ...state, closedAtMs, slices, unreachable };
};

/** A closed one is all zeros: what it has counted is not worth keeping. A probe under way is to be made anew. */
export const breakerToRecord = (state: BreakerState): BreakerRecord =>
  state.kind === 'closed' ? { openUntilMs: 0, openings: 0 } : { openUntilMs: state.untilMs, openings: state.openings };

export const breakerFromRecord = ({ openUntilMs, openings }: BreakerRecord): BreakerState =>
  openUntilMs === 0 ? closedBreaker : { kind: 'open', untilMs: openUntilMs, openings };
