import { RegistryServiceService as Registry } from '@bellwire/contracts';
import { noBody, noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import {
  availableEvents,
  findConfiguration,
  givenConfiguration,
  needConfiguration,
  toConfiguration,
  toDatedConfiguration,
} from './configuration.ts';
import { makeConfigurations } from './save-configuration.ts';

const url = '/api/webhooks/config';

const getConfig: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url,
    schema: { querystring: noQuery },
    handler: async ({ who }) => {
      const found = await findConfiguration(services, who);
      const config = found === undefined ? null : toDatedConfiguration(found);
      return { configured: found !== undefined, config, availableEvents };
    },
  });

/** Saving and deleting, which wait for each other. */
const writeConfig: DialectRoute = (app, services) => {
  const { save, remove } = makeConfigurations(services);
  app.route({
    method: 'POST',
    url,
    schema: { querystring: noQuery, body: givenConfiguration },
    handler: async ({ who, body }) => {
      const { endpoint, secret } = await save(who, body);
      const { id, url: target, enabled, enabledEvents } = toConfiguration(endpoint);
      const config = { id, url: target, secret, enabled, enabledEvents };
      return { success: true, config, message: 'Webhook configuration saved successfully' };
    },
  });
  app.route({
    method: 'DELETE',
    url,
    schema: { querystring: noQuery, body: noBody },
    handler: async ({ who }) => {
      await remove(who);
      return { success: true, message: 'Webhook configuration deleted successfully' };
    },
  });
};

/** The old secret ends at once. */
const regenerateSecret: DialectRoute = (app, services) =>
  app.route({
    method: 'POST',
    url: '/api/webhooks/regenerate-secret',
    schema: { querystring: noQuery, body: noBody },
    handler: async ({ who }) => {
      const { id } = await needConfiguration(services, who);
      const { secret } = await services.registry.unary(Registry.rotateSecret, { id, overlapSeconds: 0 }, who);
      return { success: true, message: 'Webhook secret regenerated successfully', secret };
    },
  });

/** The one configuration of a user, and its secret. */
export const configRoutes: readonly DialectRoute[] = [getConfig, writeConfig, regenerateSecret];
