import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { RpcChannel } from '@bellwire/rpc';

/** What routes are put on: a Fastify whose requests and answers have the types of their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** The services behind the gateway. They authenticate, and they own the rules. */
export interface Services {
  registry: RpcChannel;
  ingestion: RpcChannel;
  dispatcher: RpcChannel;
  audit: RpcChannel;
}

/** What routes need. */
export interface RouteDeps extends Services {
  /** Largest body of a publish call, in bytes. */
  publishBodyLimit: number;
}

/** A row of the table of routes: method, path, schemas, handler. Its operationId is its name. */
export type Route = (app: App, deps: RouteDeps) => void;
