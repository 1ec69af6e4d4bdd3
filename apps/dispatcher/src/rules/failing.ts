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

/** Fewer failures say too little to warn of or to disable an endpoint, however long they last. */
const fewestFailures = 5;
/** Between the warning and the end lies this share of the time at least. */
const noticeShare = 0.1;

/** From when on the next failure disables an endpoint that was warned of, in milliseconds since 1970. */
export const disabledFrom = ({ sinceMs, warnedAtMs }: Failing, { disableAfterMs }: FailingRule): number =>
  Math.max(sinceMs + disableAfterMs, warnedAtMs + disableAfterMs * noticeShare);

/**
 * What the end of an attempt means for its endpoint: told when half of the time has passed, disabled when all has, and
 * never without having been told a tenth of the time before. Only a failing attempt at that time does it; silence after an
 * old failure does not.
 */
export const failingAfter = (state: Failing, wasDelivered: boolean, nowMs: number, rule: FailingRule): FailingStep => {
  if (wasDelivered) return { state: notFailing, step: 'none' };
  const { disableAfterMs } = rule;
  const sinceMs = state.sinceMs === 0 ? nowMs : state.sinceMs;
  const after: Failing = { ...state, sinceMs, failures: state.failures + 1 };
  const isEarly = nowMs - sinceMs < disableAfterMs / 2 || after.failures < fewestFailures;
  if (disableAfterMs === 0 || isEarly) return { state: after, step: 'none' };
  if (after.warnedAtMs === 0) return { state: { ...after, warnedAtMs: nowMs }, step: 'warn' };
  return { state: after, step: nowMs >= disabledFrom(after, rule) ? 'disable' : 'none' };
};
