import type { DialectRoutes } from '../dialect-route.ts';
import { activityRoutes } from './activity-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

/** The routes of docs/dialects/notely.md. */
export const notelyRoutes: DialectRoutes = { dialect: 'notely', routes: [...webhookRoutes, ...activityRoutes] };
