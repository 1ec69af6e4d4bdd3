import type { CatalogueEntry } from '../dialect.ts';

/** An event type; without data it has no example. */
export const entry = (name: string, description: string, data?: object): CatalogueEntry => ({
  name,
  description,
  example: data === undefined ? '' : JSON.stringify(data),
});
