import type { DialectRoutes } from './dialect-route.ts';
import { aifaiRoutes } from './aifai/index.ts';
import { contribuxRoutes } from './contribux/index.ts';
import { hubRoutes } from './hub/index.ts';
import { notelyRoutes } from './notely/index.ts';
import { roleReadyRoutes } from './roleready/index.ts';

/** The REST routes that tenants have by their dialect: one folder each. */
export const dialects: readonly DialectRoutes[] = [
  aifaiRoutes,
  contribuxRoutes,
  hubRoutes,
  notelyRoutes,
  roleReadyRoutes,
];
