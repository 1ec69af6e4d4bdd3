import { Client, credentials, Metadata, type ClientDuplexStream, type MethodDefinition } from '@grpc/grpc-js';
import { faultOf } from './grpc-status.ts';
import { injectIntoMetadata } from './trace.ts';

export interface CallOptions {
  /** The key of the caller, passed on. */
  bearer: string;
  /** Names the tenant, for keys that may. */
  tenant?: string | undefined;
  /** @default 10000 */
  timeoutMs?: number;
}

/** A channel to one service: typed by the method that is called. */
export interface RpcChannel {
  /** @throws Fault as the service threw it; SERVICE_UNAVAILABLE or DEADLINE_PASSED where the transport fails */
  unary<Request, Response>(
    method: MethodDefinition<Request, Response>,
    request: Request,
    options: CallOptions,
  ): Promise<Response>;
  duplex<Request, Response>(
    method: MethodDefinition<Request, Response>,
    options: Omit<CallOptions, 'timeoutMs'>,
  ): ClientDuplexStream<Request, Response>;
  /** Whether the service says SERVING by health v1, within a second; it needs no key. */
  isServing(): Promise<boolean>;
  close(): void;
}

const metadataFor = ({ bearer, tenant }: Pick<CallOptions, 'bearer' | 'tenant'>): Metadata => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${bearer}`);
  if (tenant !== undefined) metadata.set('x-bellwire-tenant', tenant);
  injectIntoMetadata(metadata);
  return metadata;
};

const healthTimeoutMs = 1000;

/** grpc.health.v1.Health/Check of the server as a whole: https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
const askHealth = (client: Client): Promise<boolean> =>
  new Promise((resolve) => {
    const deadline = new Date(Date.now() + healthTimeoutMs);
    // HealthCheckRequest without a service name is empty; HealthCheckResponse has status as field 1, and SERVING is 1.
    const serving = Buffer.from([0x08, 0x01]);
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (request: Buffer) => request,
      (response: Buffer) => response.equals(serving),
      Buffer.alloc(0),
      new Metadata(),
      { deadline },
      (error, isServing) => resolve(error === null && isServing === true),
    );
  });

/** @param address host:port, or ipv4:host:port,host:port where several serve */
export const openChannel = (address: string): RpcChannel => {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2000,
  });
  return {
    unary: ({ path, requestSerialize, responseDeserialize }, request, options) =>
      new Promise((resolve, reject) => {
        const deadline = new Date(Date.now() + (options.timeoutMs ?? 10_000));
        const metadata = metadataFor(options);
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          { deadline },
          (error, response) => {
            if (error === null && response !== undefined) resolve(response);
            else reject(faultOf(error));
          },
        );
      }),
    duplex: ({ path, requestSerialize, responseDeserialize }, options) =>
      client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadataFor(options)),
    isServing: () => askHealth(client),
    close: () => client.close(),
  };
};
