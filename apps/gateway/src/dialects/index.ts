import type { DialectRoutes } from './dialect-route.ts';
import { notelyRoutes } from './notely/index.ts';

/** The REST routes that tenants have by their dialect: one folder each. */
export const dialects: readonly DialectRoutes[] = [notelyRoutes];
