// What the routes of several dialects do with the endpoints of a user, whatever they call them.
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import { RegistryServiceService as Registry, type Endpoint } from '@bellwire/contracts';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { noBody, noQuery } from '../resources/members.ts';
import type { DialectRoute } from './dialect-route.ts';

/** The path of a route of one endpoint. */
export const ofEndpoint = z.strictObject({ id: z.string() });

/** All that the caller has, for documents that have no pages. */
export const allEndpoints = async (
  registry: RpcChannel,
  caller: CallOptions,
  subject?: string,
): Promise<Endpoint[]> => {
  const found: Endpoint[] = [];
  let cursor = '';
  do {
    const page = await registry.unary(Registry.listEndpoints, { subject, limit: 100, cursor }, caller);
    found.push(...page.endpoints);
    cursor = page.nextCursor;
  } while (cursor !== '');
  return found;
};

/** Deletes an endpoint: 204. */
export const deleteEndpointAt =
  (url: `${string}/:id`, config: FastifyContextConfig = {}): DialectRoute =>
  (app, { registry }) =>
    app.route({
      method: 'DELETE',
      url,
      config,
      schema: { params: ofEndpoint, querystring: noQuery, body: noBody, response: { 204: z.undefined() } },
      handler: async ({ params: { id }, who }, reply) => {
        await registry.unary(Registry.deleteEndpoint, { id }, who);
        return reply.code(204).send();
      },
    });
