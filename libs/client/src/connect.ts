import { credentials, Metadata, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { IngestionServiceClient, type PublishResponse, type PublishResult } from '@bellwire/contracts';
import { withRetries } from './backoff.ts';
import { errorOfCall, errorOfEvent, type BellwireError } from './bellwire-error.ts';
import { openEventStream, type EventStream } from './event-stream.ts';
import { requestOf, type OutgoingEvent } from './outgoing-event.ts';

export interface ConnectOptions {
  /** host:port of ingestion. */
  address: string;
  /** API key with the scope events:publish. */
  key: string;
  /** The tenant to publish for, where the key has the scope publish:any. */
  tenant?: string;
  /** @default plain text, for inside a cluster */
  credentials?: ChannelCredentials;
  /** More metadata for each call, such as a traceparent; OpenTelemetry's gRPC instrumentation adds it by itself. */
  metadata?: () => Readonly<Record<string, string>>;
  /** For each publish with all of its retries, in milliseconds. @default 10000 */
  timeoutMs?: number;
}

export interface CallOptions {
  /** With all retries, in milliseconds. */
  timeoutMs?: number;
}

export type Published = PublishResponse;

/** What came of one event of a batch. */
export type BatchResult = Published | BellwireError;

/** Publishes events. Retries UNAVAILABLE with growing waits, but only events that have an idempotency key. */
export interface BellwireClient {
  /** Resolves when the log has the event. @throws BellwireError */
  publish(event: OutgoingEvent, options?: CallOptions): Promise<Published>;
  /**
   * Up to 1,000 events in one call; a result for each, in order. Retried as a whole, where every event has a key.
   *
   * @throws BellwireError where nothing of it may be taken for accepted
   */
  publishBatch(events: readonly OutgoingEvent[], options?: CallOptions): Promise<readonly BatchResult[]>;
  /** For many events a second: one stream, an answer for each event. */
  openStream(): EventStream;
  close(): void;
}

const resultOf = ({ result }: PublishResult): BatchResult => {
  if (result?.$case === 'accepted') return result.value;
  return errorOfEvent(result?.value ?? { code: 13, reason: 'INTERNAL', detail: 'An event has no result.', fields: [] });
};

/** Opens a channel; the connection is made by the first call and made again when it breaks. */
export const connectBellwire = (options: ConnectOptions): BellwireClient => {
  const { address, key, tenant, timeoutMs: defaultMs = 10_000 } = options;
  const client = new IngestionServiceClient(address, options.credentials ?? credentials.createInsecure(), {
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 5000,
    'grpc.max_receive_message_length': -1,
    // Retries are made here, and grpc-js keeps every message of a stream for its own.
    'grpc.enable_retries': 0,
  });

  const metadata = (): Metadata => {
    const made = new Metadata();
    made.set('authorization', `Bearer ${key}`);
    if (tenant !== undefined) made.set('x-bellwire-tenant', tenant);
    for (const [name, value] of Object.entries(options.metadata?.() ?? {})) made.set(name, value);
    return made;
  };

  /** One attempt of a unary call. */
  const call = <Response>(
    remainingMs: number,
    start: (metadata: Metadata, deadline: Date, done: (error: ServiceError | null, response: Response) => void) => void,
  ): Promise<Response> =>
    new Promise((resolve, reject) => {
      start(metadata(), new Date(Date.now() + remainingMs), (error, response) => {
        if (error === null) resolve(response);
        else reject(errorOfCall(error));
      });
    });

  return {
    publish: async (event, { timeoutMs = defaultMs } = {}) => {
      const request = requestOf(event);
      return withRetries(
        (remainingMs) =>
          call<PublishResponse>(remainingMs, (sent, deadline, done) =>
            client.publish(request, sent, { deadline }, done),
          ),
        { isKeyed: request.idempotencyKey !== undefined, timeoutMs },
      );
    },
    publishBatch: async (events, { timeoutMs = defaultMs } = {}) => {
      const request = { events: events.map(requestOf) };
      const isKeyed = request.events.every(({ idempotencyKey }) => idempotencyKey !== undefined);
      const { results } = await withRetries(
        (remainingMs) =>
          call<{ results: PublishResult[] }>(remainingMs, (sent, deadline, done) =>
            client.publishBatch(request, sent, { deadline }, done),
          ),
        { isKeyed, timeoutMs },
      );
      return results.map(resultOf);
    },
    openStream: () => openEventStream({ open: () => client.publishStream(metadata()), timeoutMs: defaultMs }),
    close: () => client.close(),
  };
};
