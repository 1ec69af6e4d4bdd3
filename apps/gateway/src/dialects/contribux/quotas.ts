import type { QuotaOutside } from '../dialect-route.ts';

/** The table "Rate Limits" of the document, for each user. */
const hourSeconds = 3600;

/** Every call on the collection or a webhook; the others have counters of their own. */
export const management = { name: 'webhook operations', limit: 20, windowSeconds: hourSeconds };
export const tests = { name: 'test deliveries', limit: 10, windowSeconds: hourSeconds };
export const logAccess = { name: 'reads of delivery logs', limit: 100, windowSeconds: hourSeconds };

/** The same things by Bellwire's own routes. */
export const onV1: readonly QuotaOutside[] = [
  { quota: tests, route: /^POST \/v1\/endpoints\/:id\/test$/ },
  { quota: management, route: /^[A-Z]+ \/v1\/endpoints(\/|$)/ },
  { quota: logAccess, route: /^(GET|HEAD) \/v1\/(deliveries|dead-letters|events|stats)(\/|$)/ },
];
