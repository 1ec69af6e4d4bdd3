import type { DialectRoutes } from './dialect-route.ts';

/** The REST routes that tenants have by their dialect: one folder each. */
export const dialects: readonly DialectRoutes[] = [];
