import type { DeliveryRecord, EndpointStateRecord } from '@bellwire/contracts';
import { isTransientStatus, type AttemptOutcome } from '@bellwire/domain';
import {
  breakerFromRecord,
  breakerToRecord,
  breakerVerdict,
  closedBreaker,
  probeAbandoned,
  probeStarted,
  type BreakerState,
} from '../rules/breaker.ts';
import { notFailing, type Failing } from '../rules/failing.ts';
import {
  giveBack,
  rateWindowFor,
  rateWindowFromRecord,
  rateWindowToRecord,
  reserve,
  startReserved,
  tryCount,
  type RateRule,
  type RateWindow,
  type RateWindowRecord,
} from '../rules/rate-window.ts';
import type { CompiledEndpoint } from './compiled-endpoint.ts';

/** May a delivery start, and if not, what becomes of it. */
export type Claim =
  | { readonly kind: 'go'; readonly isProbe: boolean }
  | { readonly kind: 'wait'; readonly reason: 'breaker_open'; readonly untilMs: number }
  | { readonly kind: 'wait'; readonly reason: 'rate_limited'; readonly untilMs: number; readonly slotAtMs: number }
  | { readonly kind: 'skip'; readonly reason: 'hourly_limit' };

/** A window, or what the owner before us has written of it: it is read when the rule of the moment is known. */
type KeptWindow = RateWindow | RateWindowRecord | undefined;

/** What holds back the deliveries of one endpoint. */
export interface Control {
  breaker: BreakerState;
  rate: KeptWindow;
  hourly: KeptWindow;
  failing: Failing;
  /** Of the endpoint's edit that was seen last, in milliseconds since 1970; 0: none yet. */
  editedAtMs: number;
}

export const newControl = (): Control => ({
  breaker: closedBreaker,
  rate: undefined,
  hourly: undefined,
  failing: notFailing,
  editedAtMs: 0,
});

/** How the breaker and the concurrency see an outcome; undefined: it says nothing about the receiver. */
export const healthOf = (result: AttemptOutcome): 'success' | 'failure' | 'unreachable' | undefined => {
  switch (result.outcome) {
    case 'delivered':
      return 'success';
    case 'timed_out':
    case 'unreachable':
      return 'unreachable';
    case 'rejected':
      return isTransientStatus(result.response?.status ?? 0) ? 'failure' : 'success';
    case 'blocked':
      return undefined;
  }
};

const windowOf = (kept: KeptWindow, rule: RateRule, nowMs: number): RateWindow =>
  kept !== undefined && 'bucketMs' in kept ? rateWindowFromRecord(kept, rule, nowMs) : rateWindowFor(kept, rule, nowMs);

const recordOfWindow = (kept: KeptWindow, nowMs: number): RateWindowRecord | undefined =>
  kept === undefined || 'bucketMs' in kept ? kept : rateWindowToRecord(kept, nowMs);

const hourSeconds = 3600;

/** A delivery counts once, when it is begun; a redelivery was asked for by a person and does not count. */
const isOverHour = (control: Control, { hourlyLimit }: CompiledEndpoint, delivery: DeliveryRecord, nowMs: number) => {
  const isBegun = delivery.counted || delivery.round > 1 || delivery.attempt > delivery.roundFirstAttempt;
  if (hourlyLimit === undefined || isBegun) return false;
  const rule = { limit: hourlyLimit, periodSeconds: hourSeconds };
  const { window, isAdmitted } = tryCount(windowOf(control.hourly, rule, nowMs), nowMs);
  control.hourly = window;
  delivery.counted = isAdmitted;
  return !isAdmitted;
};

/** When it may start: now, or at the slot that is reserved for it. */
const claimRate = (control: Control, { rateLimit }: CompiledEndpoint, { slotAtMs }: DeliveryRecord, nowMs: number) => {
  if (rateLimit === undefined) return nowMs;
  const window = windowOf(control.rate, rateLimit, nowMs);
  const slot = slotAtMs > 0 ? startReserved(window, slotAtMs, nowMs) : reserve(window, nowMs);
  control.rate = slot.window;
  return slot.startAtMs;
};

/** Takes what a request needs: the probe of a breaker, a place in the hour and in the rate; or none of them. */
export const claimOf = (
  control: Control,
  endpoint: CompiledEndpoint,
  delivery: DeliveryRecord,
  nowMs: number,
): Claim => {
  const verdict = breakerVerdict(control.breaker, nowMs);
  if (verdict.kind === 'open') return { kind: 'wait', reason: 'breaker_open', untilMs: verdict.untilMs };
  if (isOverHour(control, endpoint, delivery, nowMs)) return { kind: 'skip', reason: 'hourly_limit' };
  const startAtMs = claimRate(control, endpoint, delivery, nowMs);
  if (startAtMs > nowMs) return { kind: 'wait', reason: 'rate_limited', untilMs: startAtMs, slotAtMs: startAtMs };
  const isProbe = verdict.kind === 'probe';
  if (isProbe) control.breaker = probeStarted(control.breaker, nowMs);
  return { kind: 'go', isProbe };
};

/** An edit, to enable it for instance, is worth a new try: the breaker closes. */
export const heedEdit = (control: Control, editedAtMs: number): void => {
  if (control.editedAtMs !== 0 && editedAtMs > control.editedAtMs) control.breaker = closedBreaker;
  control.editedAtMs = editedAtMs;
};

/** Where the window is not read yet, its owner before us knew the slot: it passes unused. */
export const giveBackReserved = (control: Control, slotAtMs: number): void => {
  if (control.rate !== undefined && !('bucketMs' in control.rate)) {
    control.rate = giveBack(control.rate, slotAtMs, 'reserved');
  }
};

export const abandonProbe = (control: Control): void => {
  control.breaker = probeAbandoned(control.breaker);
};

type ControlRecord = Omit<EndpointStateRecord, 'endpointId' | 'marks'>;

/** What the next owner must know; undefined where all is at its default. */
export const recordOfControl = (control: Control, nowMs: number): ControlRecord | undefined => {
  const breaker = breakerToRecord(control.breaker);
  const record = {
    rateWindow: recordOfWindow(control.rate, nowMs),
    hourlyWindow: recordOfWindow(control.hourly, nowMs),
    breaker: breaker.openUntilMs === 0 && breaker.openings === 0 ? undefined : breaker,
    failing: control.failing.sinceMs === 0 ? undefined : control.failing,
  };
  return Object.values(record).every((part) => part === undefined) ? undefined : record;
};

export const controlFrom = ({ rateWindow, hourlyWindow, breaker, failing }: ControlRecord): Control => ({
  breaker: breaker === undefined ? closedBreaker : breakerFromRecord(breaker),
  rate: rateWindow,
  hourly: hourlyWindow,
  failing: failing ?? notFailing,
  editedAtMs: 0,
});
