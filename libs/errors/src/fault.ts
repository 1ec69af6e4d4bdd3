import type { FaultKind } from './kinds.ts';
import { reasons, type Reason } from './reasons.ts';

/** One broken rule: where (`event_types[2]`, `data.amount`) and what the rule is. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface FaultOptions {
  /** When trying again makes sense, in milliseconds from now. */
  retryAfterMs?: number | undefined;
  fields?: readonly FieldProblem[] | undefined;
  /** For us: never leaves the process. */
  cause?: unknown;
}

/**
 * Our own failing, or a request that we refuse. Crosses RPC intact; `detail` is a sentence that a customer may read.
 * What a receiver answers is not a fault but an outcome, and is returned as a value.
 */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly reason: Reason;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
  readonly fields: readonly FieldProblem[];

  constructor(reason: Reason, detail: string, options: FaultOptions = {}) {
    super(`${reason}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.detail = detail;
    this.retryAfterMs = options.retryAfterMs;
    this.fields = options.fields ?? [];
  }

  get kind(): FaultKind {
    return reasons[this.reason][0];
  }

  get title(): string {
    return reasons[this.reason][1];
  }
}

/** The one funnel: a Fault stays itself, anything else is a bug whose detail is withheld. */
export const toFault = (error: unknown): Fault =>
  error instanceof Fault ? error : new Fault('INTERNAL', 'Something went wrong on our side.', { cause: error });

/** NOT_FOUND, in the one sentence for it; also for what is another's. */
export const noSuch = (what: string): Fault => new Fault('NOT_FOUND', `There is no such ${what}.`);

/** INVALID_FIELD for one or more fields; the detail repeats the first. */
export const invalidFields = (fields: readonly FieldProblem[]): Fault => {
  const [first] = fields;
  const detail = first === undefined ? 'The request is not valid.' : `${first.path}: ${first.message}`;
  return new Fault('INVALID_FIELD', fields.length > 1 ? `${detail} (and ${fields.length - 1} more)` : detail, {
    fields,
  });
};

export const invalidField = (path: string, message: string): Fault => invalidFields([{ path, message }]);
