import { contribux } from '@bellwire/dialects';
import type { DialectRoutes } from '../dialect-route.ts';
import { deliveryRoutes } from './deliveries.ts';
import { onV1 } from './quotas.ts';
import { webhookRoutes } from './webhooks.ts';

/** Notification webhooks of a contribux user (docs/dialects/contribux.md). */
export const contribuxRoutes: DialectRoutes = {
  dialect: contribux.name,
  routes: [...webhookRoutes, ...deliveryRoutes],
  quotasOutside: onV1,
};
