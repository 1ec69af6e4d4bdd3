import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { ReflectionService } from '@grpc/reflection';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { descriptorSet } from '@bellwire/contracts';

export interface ServeOptions {
  host: string;
  /** 0: a free one. */
  port: number;
  /** Full name, for health: bellwire.registry.v1.RegistryService. */
  service: string;
  definition: ServiceDefinition;
  implementation: UntypedServiceImplementation;
  /** Largest message, in bytes. @default 4 MiB */
  maxMessageBytes?: number;
  /** Calls under way are given this long at the stop. @default 10000 */
  drainTimeoutMs?: number;
}

export interface GrpcServer {
  readonly port: number;
  /** What health v1 answers from now on. */
  setServing(isServing: boolean): void;
  /** Says NOT_SERVING, takes no new calls, waits for those under way, then ends the rest. */
  close(): Promise<void>;
}

const bind = (server: Server, service: string, address: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else
        reject(
          new Error(
            `${service} cannot listen on ${address}: is the port taken? Set another one (docs/configuration.md), or stop what uses it.`,
            {
              cause: error,
            },
          ),
        );
    });
  });

/** One gRPC service on a port of its own, with health v1 and reflection. */
export const serveGrpc = async (options: ServeOptions): Promise<GrpcServer> => {
  const {
    host,
    service,
    definition,
    implementation,
    maxMessageBytes = 4 * 1024 * 1024,
    drainTimeoutMs = 10_000,
  } = options;
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.so_reuseport': 0,
  });
  server.addService(definition, implementation);
  const health = new HealthImplementation({ '': 'SERVING', [service]: 'SERVING' });
  health.addToServer(server);
  new ReflectionService(loadFileDescriptorSetFromBuffer(descriptorSet())).addToServer(server);
  const port = await bind(server, service, `${host}:${options.port}`);

  const setServing = (isServing: boolean): void => {
    for (const name of ['', service]) health.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING');
  };

  return {
    port,
    setServing,
    close: () =>
      new Promise((resolve) => {
        setServing(false);
        const force = setTimeout(() => server.forceShutdown(), drainTimeoutMs);
        server.tryShutdown(() => {
          clearTimeout(force);
          resolve();
        });
      }),
  };
};
