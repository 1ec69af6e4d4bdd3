import type { DialectRoutes } from '../dialect-route.ts';
import { configRoutes } from './config-routes.ts';
import { getLogs } from './logs-route.ts';
import { getStats } from './stats-route.ts';
import { testConfig } from './test-route.ts';

/** `/api/webhooks` of RoleReady (docs/dialects/roleready.md): one configuration per user. */
export const roleReadyRoutes: DialectRoutes = {
  dialect: 'roleready',
  routes: [...configRoutes, testConfig, getLogs, getStats],
};
