import type { DialectRoutes } from '../dialect-route.ts';
import { notificationRoutes } from './notification-routes.ts';
import { preferenceRoutes } from './preference-routes.ts';

/** `/api/v1/notifications` of AIFAI (docs/dialects/aifai.md): one webhook per user, kept as preferences. */
export const aifaiRoutes: DialectRoutes = {
  dialect: 'aifai',
  routes: [...preferenceRoutes, ...notificationRoutes],
  // The document prints its request without the header, and curl names a form where it is told nothing.
  anyContentType: true,
};
