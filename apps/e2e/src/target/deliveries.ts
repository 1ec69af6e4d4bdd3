import { z } from 'zod';
import type { Api } from './api.ts';

const page = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      event_id: z.string(),
      status: z.string(),
      reason: z.string().nullable(),
      attempt_count: z.number(),
      next_attempt_at: z.string().nullable(),
    }),
  ),
  next_cursor: z.string().nullable(),
});
type Page = z.infer<typeof page>;

export type ListedDelivery = Page['data'][number];

/**
 * All pages of /v1/deliveries.
 *
 * @param endpointId @default all endpoints that the key sees
 */
export const allDeliveries = async (api: Api, endpointId?: string): Promise<readonly ListedDelivery[]> => {
  const found: ListedDelivery[] = [];
  const query = new URLSearchParams({ limit: '100', ...(endpointId === undefined ? {} : { endpoint: endpointId }) });
  for (let cursor: string | null = ''; cursor !== null;) {
    const { data, next_cursor }: Page = await api.get(`/v1/deliveries?${query.toString()}`, page);
    found.push(...data);
    cursor = next_cursor;
    if (cursor !== null) query.set('cursor', cursor);
  }
  return found;
};
