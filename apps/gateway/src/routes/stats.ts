import { z } from 'zod';
import { AuditServiceService as Audit, RegistryServiceService as Registry } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { endpointStats, stats, statsFilters, toEndpointStats, toStats } from '../resources/stats.ts';

const wantedOf = ({ since, until, event_type, subject }: z.infer<typeof statsFilters>) => ({
  since,
  until,
  eventType: event_type,
  subject,
});

const getStats: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/stats',
    schema: {
      summary: 'Count deliveries and their attempts',
      operationId: 'getStats',
      tags: ['Statistics'],
      querystring: statsFilters,
      response: { 200: stats },
    },
    handler: async (request) => {
      const wanted = { ...wantedOf(request.query), byEndpoint: true };
      return toStats(await audit.unary(Audit.getStats, wanted, callerOf(request)));
    },
  });

const getEndpointStats: Route = (app, { audit, registry }) =>
  app.route({
    method: 'GET',
    url: '/v1/endpoints/:id/stats',
    schema: {
      summary: 'Count the deliveries of an endpoint and their attempts',
      description: 'Needs the scopes endpoints:read and deliveries:read.',
      operationId: 'getEndpointStats',
      tags: ['Statistics'],
      params: z.strictObject({ id: z.string() }),
      querystring: statsFilters,
      response: { 200: endpointStats },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      // Audit counts nothing where there is no such endpoint: registry knows.
      const { id } = await registry.unary(Registry.getEndpoint, { id: request.params.id }, caller);
      const wanted = { ...wantedOf(request.query), endpointId: id, byEndpoint: false };
      return toEndpointStats(await audit.unary(Audit.getStats, wanted, caller));
    },
  });

/** What became of deliveries, counted. */
export const statsRoutes: readonly Route[] = [getStats, getEndpointStats];
