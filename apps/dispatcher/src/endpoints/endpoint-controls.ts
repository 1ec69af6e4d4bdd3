import type { DeliveryRecord, EndpointStateRecord } from '@bellwire/contracts';
import type { AttemptOutcome, Clock, Random } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';
import { breakerAfter, breakerToRecord, breakerVerdict } from '../rules/breaker.ts';
import { failingAfter, notFailing, type Failing } from '../rules/failing.ts';
import type { CompiledEndpoint } from './compiled-endpoint.ts';
import {
  abandonProbe,
  claimOf,
  controlFrom,
  giveBackReserved,
  heedEdit,
  healthOf,
  newControl,
  recordOfControl,
  type Claim,
  type Control,
} from './endpoint-control.ts';

export interface EndpointControlsOptions {
  clock: Clock;
  /** By it an endpoint has failed for long. @default clock */
  expiryClock?: Clock;
  random: Random;
  /** An endpoint whose attempts have all failed for so long is disabled; 0: never. */
  disableAfterMs: number;
  /** What the next owner must know of the endpoint has changed. */
  onChanged(endpointId: string): void;
  /** It has failed for half of that time, or for all of it. */
  onFailing(endpoint: CompiledEndpoint, step: 'warn' | 'disable', failing: Failing): void;
  /** Its breaker lets a probe through, or has closed by it: from one request at a time on. */
  onSlowStart(endpointId: string): void;
}

/** Breaker, rate limit, hourly limit and failing of the endpoints that are ours. */
export interface EndpointControls {
  /**
   * Until when nothing is sent because the breaker is open; undefined where it is not, and while a probe is under way: what
   * comes then waits in memory for how that ends. Takes nothing.
   */
  openUntil(endpoint: CompiledEndpoint): number | undefined;
  /** Takes what a request needs, if it may start. */
  claim(endpoint: CompiledEndpoint, delivery: DeliveryRecord): Claim;
  /** A slot of the rate that was reserved is not needed any more. */
  giveBackSlot(endpointId: string, slotAtMs: number): void;
  /** An attempt has ended. */
  after(endpoint: CompiledEndpoint, result: AttemptOutcome, startedAtMs: number): void;
  /** An attempt has come to no end: a probe is taken back. */
  abandon(endpointId: string): void;
  /** What the next owner must know; undefined where all is at its default. */
  recordOf(endpointId: string): ReturnType<typeof recordOfControl>;
  /** Forgets what it knows of endpoints: they are somebody else's, or were. */
  forget(isMeant: (endpointId: string) => boolean): void;
  /** What the owner before us has written. */
  learn(endpointId: string, record: EndpointStateRecord | undefined): void;
}

const rememberedEndpoints = 50_000;

export const makeEndpointControls = (options: EndpointControlsOptions): EndpointControls => {
  const { clock, expiryClock = clock, random, disableAfterMs, onChanged, onFailing, onSlowStart } = options;
  const controls = new LRUCache<string, Control>({ max: rememberedEndpoints });

  const of = (endpointId: string): Control => {
    const known = controls.get(endpointId);
    if (known !== undefined) return known;
    const made = newControl();
    controls.set(endpointId, made);
    return made;
  };

  const feedBreaker = (control: Control, endpointId: string, result: AttemptOutcome, startedAtMs: number): void => {
    const health = healthOf(result);
    if (health === undefined) return abandonProbe(control);
    const before = breakerToRecord(control.breaker);
    control.breaker = breakerAfter(control.breaker, { result: health, startedAtMs }, clock.now(), random);
    const after = breakerToRecord(control.breaker);
    if (after.openUntilMs !== before.openUntilMs || after.openings !== before.openings) onChanged(endpointId);
    if (before.openUntilMs > 0 && after.openUntilMs === 0) onSlowStart(endpointId);
  };

  const feedFailing = (control: Control, endpoint: CompiledEndpoint, result: AttemptOutcome): void => {
    // An edit is worth a new try: the time counts from it.
    const before = endpoint.updatedAtMs > control.failing.sinceMs ? notFailing : control.failing;
    const { state, step } = failingAfter(before, result.outcome === 'delivered', expiryClock.now(), { disableAfterMs });
    const { sinceMs, warnedAtMs } = control.failing;
    control.failing = state;
    if (state.sinceMs !== sinceMs || state.warnedAtMs !== warnedAtMs) onChanged(endpoint.id);
    if (step !== 'none') onFailing(endpoint, step, state);
  };

  return {
    openUntil: (endpoint) => {
      const control = controls.get(endpoint.id);
      if (control === undefined) return undefined;
      heedEdit(control, endpoint.updatedAtMs);
      if (control.breaker.kind === 'half_open') return undefined;
      const verdict = breakerVerdict(control.breaker, clock.now());
      return verdict.kind === 'open' ? verdict.untilMs : undefined;
    },
    claim: (endpoint, delivery) => {
      const claim = claimOf(of(endpoint.id), endpoint, delivery, clock.now());
      if (claim.kind === 'go' && claim.isProbe) onSlowStart(endpoint.id);
      if (endpoint.rateLimit !== undefined || endpoint.hourlyLimit !== undefined) onChanged(endpoint.id);
      return claim;
    },
    giveBackSlot: (endpointId, slotAtMs) => {
      const control = controls.get(endpointId);
      if (control !== undefined) giveBackReserved(control, slotAtMs);
      onChanged(endpointId);
    },
    after: (endpoint, result, startedAtMs) => {
      const control = of(endpoint.id);
      feedBreaker(control, endpoint.id, result, startedAtMs);
      feedFailing(control, endpoint, result);
    },
    abandon: (endpointId) => {
      const control = controls.get(endpointId);
      if (control !== undefined) abandonProbe(control);
    },
    recordOf: (endpointId) => {
      const control = controls.get(endpointId);
      return control && recordOfControl(control, clock.now());
    },
    forget: (isMeant) => {
      for (const endpointId of controls.keys()) if (isMeant(endpointId)) controls.delete(endpointId);
    },
    learn: (endpointId, record) => {
      if (record === undefined) controls.delete(endpointId);
      else controls.set(endpointId, controlFrom(record));
    },
  };
};
