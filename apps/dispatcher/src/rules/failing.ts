/** An endpoint whose attempts have all failed since its last success. */
export interface Failing {
  /** First failed attempt; 0: its last attempt was delivered. */
  readonly sinceMs: number;
  /** When its tenant was told; 0: not yet. */
  readonly warnedAtMs: number;
  /** Failed attempts since. */
  readonly failures: number;
}

export interface FailingRule {
  /** An endpoint that has failed for so long is disabled; 0: never. */
  readonly disableAfterMs: number;
}

export interface FailingStep {
  readonly state: Failing;
  /** warn comes once; disable again with each failure, until the caller starts anew from {@link notFailing}. */
  readonly step: 'none' | 'warn' | 'disable';
}

/** Also the state of an endpoint that has been enabled again. */
export const notFailing: Failing = { sinceMs: 0, warnedAtMs: 0, failures: 0 };

/** Fewer failures say too little to disable an endpoint, however long they last. */
const fewestFailures = 5;

/**
 * What the end of an attempt means for its endpoint: told when half of the time has passed, disabled when all has. Only
 * a failing attempt at that time does it; silence after an old failure does not.
 */
export const failingAfter = (
  state: Failing,
  wasDelivered: boolean,
  nowMs: number,
  { disableAfterMs }: FailingRule,
): FailingStep => {
  if (wasDelivered) return { state: notFailing, step: 'none' };
  const sinceMs = state.sinceMs === 0 ? nowMs : state.sinceMs;
  const after: Failing = { ...state, sinceMs, failures: state.failures + 1 };
  const failingMs = nowMs - sinceMs;
  if (disableAfterMs === 0 || failingMs < disableAfterMs / 2) return { state: after, step: 'none' };
  if (failingMs >= disableAfterMs && after.failures >= fewestFailures) return { state: after, step: 'disable' };
  if (after.warnedAtMs !== 0) return { state: after, step: 'none' };
  return { state: { ...after, warnedAtMs: nowMs }, step: 'warn' };
};
