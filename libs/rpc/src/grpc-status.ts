import { Metadata, status, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '@bellwire/contracts';
import { Fault, isReason, kinds } from '@bellwire/errors';

/** Where google.rpc.Status travels, in both directions. */
const detailsKey = 'grpc-status-details-bin';
const typeUrl = (name: string): string => `type.googleapis.com/google.rpc.${name}`;

/** A Fault as a gRPC status with google.rpc details: reason, fields, and when to try again. The cause stays here. */
export const statusOf = (fault: Fault): StatusObject => {
  const code = kinds[fault.kind].grpc;
  const any = (name: string, bytes: Uint8Array) => ({ typeUrl: typeUrl(name), value: Buffer.from(bytes) });
  const details = [any('ErrorInfo', ErrorInfo.encode({ reason: fault.reason, domain: 'bellwire' }).finish())];
  if (fault.fields.length > 0) {
    const fieldViolations = fault.fields.map(({ path, message }) => ({ field: path, description: message }));
    details.push(any('BadRequest', BadRequest.encode({ fieldViolations }).finish()));
  }
  if (fault.retryAfterMs !== undefined) {
    const seconds = Math.floor(fault.retryAfterMs / 1000);
    const nanos = Math.round((fault.retryAfterMs - seconds * 1000) * 1_000_000);
    details.push(any('RetryInfo', RetryInfo.encode({ retryDelay: { seconds, nanos } }).finish()));
  }
  const metadata = new Metadata();
  metadata.set(detailsKey, Buffer.from(Status.encode({ code, message: fault.detail, details }).finish()));
  return { code, details: fault.detail, metadata };
};

const isServiceError = (error: unknown): error is ServiceError =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;

/**
 * How grpc-js puts a connection that broke under a call, or before it: with the status of a bug. Texts of its
 * subchannel-call.ts and load-balancing-call.ts.
 */
const brokenConnection = /^(Received RST_STREAM with code|Failed to start HTTP\/2 stream)/;

const unreachable = (error: ServiceError): Fault =>
  new Fault('SERVICE_UNAVAILABLE', 'The service cannot be reached.', { cause: error, retryAfterMs: 1000 });

/** Where a status carries no reason of ours: what the transport says by itself. */
const transportFault = (error: ServiceError): Fault => {
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return new Fault('DEADLINE_PASSED', 'The call took longer than its deadline.', { cause: error });
    case status.CANCELLED:
      return new Fault('CALLER_LEFT', 'The call was cancelled.', { cause: error });
    case status.UNIMPLEMENTED:
      return new Fault('NOT_IMPLEMENTED', 'The service does not know this call.', { cause: error });
    case status.RESOURCE_EXHAUSTED:
      return new Fault('PAYLOAD_TOO_LARGE', 'The message is over the size limit.', { cause: error });
    case status.UNAVAILABLE:
      return unreachable(error);
    default:
      if (error.code === status.INTERNAL && brokenConnection.test(error.details)) return unreachable(error);
      return new Fault('INTERNAL', 'Something went wrong on our side.', { cause: error });
  }
};

/** The Fault that a service threw, as its caller meets it. */
export const faultOf = (error: unknown): Fault => {
  if (error instanceof Fault) return error;
  if (!isServiceError(error)) return new Fault('INTERNAL', 'Something went wrong on our side.', { cause: error });
  const [bytes] = error.metadata.get(detailsKey);
  if (!Buffer.isBuffer(bytes)) return transportFault(error);
  const details = new Map(Status.decode(bytes).details.map((any) => [any.typeUrl, any.value]));
  const info = details.get(typeUrl('ErrorInfo'));
  const reason = info === undefined ? '' : ErrorInfo.decode(info).reason;
  if (!isReason(reason)) return transportFault(error);
  const bad = details.get(typeUrl('BadRequest'));
  const retry = details.get(typeUrl('RetryInfo'));
  const delay = retry === undefined ? undefined : RetryInfo.decode(retry).retryDelay;
  return new Fault(reason, error.details, {
    cause: error,
    fields:
      bad === undefined
        ? []
        : BadRequest.decode(bad).fieldViolations.map(({ field, description }) => ({
            path: field,
            message: description,
          })),
    retryAfterMs: delay === undefined ? undefined : delay.seconds * 1000 + delay.nanos / 1_000_000,
  });
};
