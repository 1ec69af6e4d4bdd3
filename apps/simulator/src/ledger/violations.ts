/** What may never happen. */
export type Rule =
  /** A record was committed, and what it stands for has neither ended nor another record that is not committed. */
  | 'lost'
  | 'commit_went_back'
  /** An event was acknowledged that the log does not have. */
  | 'acknowledged_too_early'
  /** Requests under way of a process, or of an endpoint, are more than allowed. */
  | 'too_many_in_flight'
  /** An attempt was made before it was due. */
  | 'before_due'
  /** A request began although the process knew that the endpoint is disabled or deleted. */
  | 'after_edit'
  /** A round came to two ends. */
  | 'ended_twice'
  /** A request or an attempt was repeated, and no fault explains it. */
  | 'repeated'
  /** An endpoint that was there before an event was published is not owed it. */
  | 'not_planned'
  /** A process decided on a delivery of a partition that is not its own any more. */
  | 'not_its_own'
  /** An endpoint's state on the log tells of an attempt whose next step is not on the log. */
  | 'marked_too_early'
  /** An older state of an endpoint was written over a newer one. */
  | 'state_went_back'
  /** A delivery was put into tiers and let go by them again and again within seconds. */
  | 'to_and_fro'
  /** A record was put aside although too few processes have ended that had it in hand. */
  | 'put_aside'
  /** A delivery of something that nobody published. */
  | 'phantom'
  /** A process failed by itself. */
  | 'failed'
  /** After the faults something has not come to its end. */
  | 'stuck';

export interface Violation {
  rule: Rule;
  detail: string;
}

/** Keeps the first one: what follows from it tells little. */
export interface Violations {
  add(rule: Rule, detail: string): void;
  first(): Violation | undefined;
}

export const openViolations = (): Violations => {
  let first: Violation | undefined;
  return {
    add: (rule, detail) => void (first ??= { rule, detail }),
    first: () => first,
  };
};
