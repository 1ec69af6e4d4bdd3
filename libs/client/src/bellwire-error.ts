import { status, type ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo, Status, type PublishError } from '@bellwire/contracts';

/** One broken rule: where (`data/amount`) and what the rule is. */
export interface FieldProblem {
  path: string;
  message: string;
}

export interface BellwireErrorOptions {
  reason: string;
  fields?: readonly FieldProblem[];
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** Why an event was not accepted. */
export class BellwireError extends Error {
  override readonly name = 'BellwireError';
  /** The gRPC status code, such as 3 INVALID_ARGUMENT or 14 UNAVAILABLE. */
  readonly code: number;
  /** A constant to branch on, such as IDEMPOTENCY_KEY_REUSED; all of them are in docs/errors.md. */
  readonly reason: string;
  /** The rules that were broken; empty where it is not about a field. */
  readonly fields: readonly FieldProblem[];
  /** When trying again makes sense, in milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number, detail: string, { reason, fields = [], retryAfterMs, cause }: BellwireErrorOptions) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.reason = reason;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What the transport says by itself, where the service said nothing. */
const transportReasons: Readonly<Partial<Record<number, string>>> = {
  [status.CANCELLED]: 'CALLER_LEFT',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_PASSED',
  [status.RESOURCE_EXHAUSTED]: 'PAYLOAD_TOO_LARGE',
  [status.UNAVAILABLE]: 'SERVICE_UNAVAILABLE',
  [status.UNIMPLEMENTED]: 'NOT_IMPLEMENTED',
};

const detailsOf = (error: ServiceError): ReadonlyMap<string, Uint8Array> => {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(bytes)) return new Map();
  const nameOf = (typeUrl: string): string => typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return new Map(Status.decode(bytes).details.map(({ typeUrl, value }) => [nameOf(typeUrl), value]));
};

/** The error of a call, with the details that the service sent (google.rpc.Status). */
export const errorOfCall = (error: ServiceError): BellwireError => {
  const details = detailsOf(error);
  const info = details.get('ErrorInfo');
  const bad = details.get('BadRequest');
  const retry = details.get('RetryInfo');
  const delay = retry === undefined ? undefined : RetryInfo.decode(retry).retryDelay;
  return new BellwireError(error.code, error.details, {
    reason: info === undefined ? (transportReasons[error.code] ?? 'INTERNAL') : ErrorInfo.decode(info).reason,
    fields: (bad === undefined ? [] : BadRequest.decode(bad).fieldViolations).map(({ field, description }) => ({
      path: field,
      message: description,
    })),
    retryAfterMs: delay === undefined ? undefined : delay.seconds * 1000 + delay.nanos / 1_000_000,
    cause: error,
  });
};

/** The error of one event of a batch or a stream. */
export const errorOfEvent = ({ code, reason, detail, fields }: PublishError): BellwireError =>
  new BellwireError(code, detail, { reason, fields });

/** What is wrong with an event before it is sent. */
export const invalidEvent = (path: string, message: string): BellwireError =>
  new BellwireError(status.INVALID_ARGUMENT, `${path}: ${message}`, {
    reason: 'INVALID_FIELD',
    fields: [{ path, message }],
  });
