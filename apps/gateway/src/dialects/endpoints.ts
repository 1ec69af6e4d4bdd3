// What the routes of several dialects do with the endpoints of a user, whatever they call them.
import type { FastifyContextConfig } from 'fastify';
import { z } from 'zod';
import {
  RegistryServiceService as Registry,
  type Endpoint,
  type RotateSecretResponse,
  type UpdateEndpointRequest,
} from '@bellwire/contracts';
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

/** What registry answers where it made an endpoint or its secret: it has both. */
export const madeBy = ({ endpoint, secret }: RotateSecretResponse): { endpoint: Endpoint; secret: string } => {
  if (endpoint === undefined) throw new Error('registry left out the endpoint');
  return { endpoint, secret };
};

/**
 * An edit and a new secret, the given one or a generated one, in one write: the secret signs at once, and alone.
 *
 * @throws Fault of registry
 */
export const editWithSecret = async (
  registry: RpcChannel,
  given: { id: string; secret?: string; edit: UpdateEndpointRequest },
  caller: CallOptions,
): Promise<{ endpoint: Endpoint; secret: string }> =>
  madeBy(await registry.unary(Registry.rotateSecret, { ...given, overlapSeconds: 0 }, caller));

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
