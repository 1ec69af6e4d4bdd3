import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { event, type Api } from '../../target/api.ts';

const page = z.object({ data: z.array(z.object({ id: z.string() })), next_cursor: z.string().nullable() });

const limitMs = 60_000;
const askAgainMs = 250;

/** An answer, or undefined while there is none: a service may be on its way up. */
const ask = async <Shape>(api: Api, path: string, shape: z.ZodType<Shape>): Promise<Shape | undefined> => {
  try {
    const { status, json } = await api.raw('GET', path);
    return status === 200 ? shape.parse(json) : undefined;
  } catch {
    return undefined;
  }
};

const isDelivered = async (api: Api, eventId: string, endpoints: number): Promise<boolean> => {
  const found = await ask(api, `/v1/events/${eventId}`, event);
  return found?.deliveries.filter(({ status }) => status === 'delivered').length === endpoints;
};

/** Up to so many of them, evenly. */
export const sampleOf = (ids: Iterable<string>, size: number): readonly string[] => {
  const all = [...ids];
  const step = Math.max(1, Math.floor(all.length / size));
  return all.filter((_, at) => at % step === 0).slice(0, size);
};

/** Waits up to a minute until each of the events is shown as delivered to all endpoints. */
export const auditShows = async (
  api: Api,
  eventIds: readonly string[],
  endpoints: number,
): Promise<{ shown: number; missing: number; afterMs: number }> => {
  const startedAt = Date.now();
  let open = eventIds;
  for (;;) {
    const still: string[] = [];
    for (const id of open) if (!(await isDelivered(api, id, endpoints))) still.push(id);
    open = still;
    const afterMs = Date.now() - startedAt;
    if (open.length === 0 || afterMs > limitMs) {
      return { shown: eventIds.length - open.length, missing: open.length, afterMs };
    }
    await sleep(askAgainMs);
  }
};

/** How many deliveries are listed as delivered, page by page. */
export const listDelivered = async (api: Api): Promise<number> => {
  const ids = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const found: z.infer<typeof page> = await api.get(`/v1/deliveries?status=delivered&limit=100${query}`, page);
    for (const { id } of found.data) ids.add(id);
    cursor = found.next_cursor;
  }
  return ids.size;
};
