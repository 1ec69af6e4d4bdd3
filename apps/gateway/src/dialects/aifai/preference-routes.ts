import { z } from 'zod';
import { noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { givenPreferences, preferences } from './preferences.ts';
import { makeSavePreferences, readPreferences } from './save-preferences.ts';

const url = '/api/v1/notifications/preferences';

const savedPreferences = preferences.extend({ webhook_secret: z.string().optional() });

const getPreferences: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url,
    schema: { querystring: noQuery, response: { 200: preferences } },
    handler: async ({ who }) => readPreferences(services, who),
  });

const putPreferences: DialectRoute = (app, services) => {
  const save = makeSavePreferences(services);
  app.route({
    method: 'PUT',
    url,
    schema: { querystring: noQuery, body: givenPreferences, response: { 200: savedPreferences } },
    handler: async ({ who, body }) => {
      const saved = await save(who, body);
      return { ...saved.preferences, webhook_secret: saved.secret };
    },
  });
};

/** What a user wants of notifications, and where. */
export const preferenceRoutes: readonly DialectRoute[] = [getPreferences, putPreferences];
