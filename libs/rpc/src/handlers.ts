import type {
  handleBidiStreamingCall,
  handleUnaryCall,
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
} from '@grpc/grpc-js';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { Fault, toFault } from '@bellwire/errors';
import type { Principal } from '@bellwire/domain';
import { statusOf } from './grpc-status.ts';
import { extractFromMetadata } from './trace.ts';

/** What a handler knows of its call beside the request. */
export interface Call {
  principal: Principal;
  /** The tenant that the caller named in x-bellwire-tenant. */
  namedTenant: string | undefined;
  /** Aborted when the caller leaves or its deadline passes. */
  signal: AbortSignal;
}

export interface HandlersOptions {
  /** For spans: bellwire.registry.v1.RegistryService. */
  service: string;
  /** Decides who calls. @throws Fault MISSING_KEY or UNKNOWN_KEY */
  authenticate(bearer: string): Promise<Principal>;
  /** Told of bugs, before the caller gets INTERNAL without detail. */
  onBug(error: unknown, method: string): void;
}

export interface Handlers {
  /** A unary RPC: authenticated, traced, and with Faults turned into statuses. */
  unary<Request, Response>(
    method: string,
    handle: (request: Request, call: Call) => Promise<Response>,
  ): handleUnaryCall<Request, Response>;
  /**
   * A bidirectional stream: `handle` reads and writes it; it is ended when the promise settles. Read it with
   * `stream.iterator({ destroyOnReturn: false })`: a plain `for await` destroys the writing half too.
   */
  duplex<Request, Response>(
    method: string,
    handle: (stream: ServerDuplexStream<Request, Response>, call: Call) => Promise<void>,
  ): handleBidiStreamingCall<Request, Response>;
}

/** The key in `authorization: Bearer <key>`. @throws Fault MISSING_KEY */
export const bearerOf = (metadata: Metadata): string => {
  const [value] = metadata.get('authorization').map(String);
  const [, key] = /^Bearer (\S+)$/i.exec(value ?? '') ?? [];
  if (key === undefined) throw new Fault('MISSING_KEY', 'Send the metadata authorization: Bearer <key>.');
  return key;
};

const tracer = () => trace.getTracer('bellwire');

export const makeHandlers = ({ service, authenticate, onBug }: HandlersOptions): Handlers => {
  const faultFrom = (error: unknown, method: string): Fault => {
    const fault = toFault(error);
    if (fault.kind === 'internal') onBug(fault.cause ?? fault, method);
    return fault;
  };

  /** Runs `work` in a server span, with the caller known. */
  const inCall = async <Result>(
    method: string,
    call: ServerUnaryCall<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
    work: (known: Call) => Promise<Result>,
  ): Promise<Result> => {
    const parent = extractFromMetadata(call.metadata);
    const name = `${service}/${method}`;
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': name };
    const span = tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
    const left = new AbortController();
    call.on('cancelled', () => left.abort());
    try {
      return await context.with(trace.setSpan(parent, span), async () => {
        const principal = await authenticate(bearerOf(call.metadata));
        const [namedTenant] = call.metadata.get('x-bellwire-tenant').map(String);
        return work({ principal, namedTenant, signal: left.signal });
      });
    } catch (error) {
      const { reason, kind } = toFault(error);
      span.setAttribute('error.type', reason);
      if (kind === 'internal') span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  };

  return {
    unary: (method, handle) => (call, callback) => {
      inCall(method, call, (known) => handle(call.request, known)).then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(faultFrom(error, method))),
      );
    },
    duplex: (method, handle) => (stream) => {
      inCall(method, stream, (known) => handle(stream, known)).then(
        () => stream.end(),
        (error: unknown) => stream.emit('error', statusOf(faultFrom(error, method))),
      );
    },
  };
};
