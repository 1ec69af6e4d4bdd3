import type { DialectRoutes } from '../dialect-route.ts';
import { deliveryRoutes } from './deliveries.ts';
import { manageRoutes } from './manage.ts';
import { webhookMetrics } from './metrics.ts';
import { testWebhook } from './test-webhook.ts';

/** The routes of the task hub (docs/dialects/hub.md). The document knows no users: a key of the whole tenant may call, too. */
export const hubRoutes: DialectRoutes = {
  dialect: 'hub',
  routes: [...manageRoutes, testWebhook, ...deliveryRoutes, webhookMetrics],
  forWholeTenant: true,
};
