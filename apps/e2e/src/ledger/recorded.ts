import { z } from 'zod';
import type { Api } from '../target/api.ts';

const listed = z.object({
  id: z.string(),
  event_id: z.string(),
  endpoint_id: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  attempt_count: z.number(),
});
const page = z.object({ data: z.array(listed), next_cursor: z.string().nullable() });
const withAttempts = z.object({
  attempts: z.array(z.object({ outcome: z.string() })),
});

export interface RecordedDelivery {
  readonly id: string;
  readonly eventId: string;
  readonly endpointId: string;
  readonly status: string;
  readonly reason: string | null;
  /** What came of each of its attempts. */
  readonly outcomes: readonly string[];
}

const ends: ReadonlySet<string> = new Set(['delivered', 'dead_lettered', 'skipped', 'cancelled']);

export const hasEnded = ({ status }: Pick<RecordedDelivery, 'status'>): boolean => ends.has(status);

const lanes = 8;

type Listed = z.infer<typeof listed>;

/** All pages of a list of deliveries. */
const listAll = async (api: Api, filter: Readonly<Record<string, string>> = {}): Promise<readonly Listed[]> => {
  const found = new Map<string, Listed>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({ ...filter, limit: '100', ...(cursor === '' ? {} : { cursor }) });
    const { data, next_cursor }: z.infer<typeof page> = await api.get(`/v1/deliveries?${query.toString()}`, page);
    for (const each of data) found.set(each.id, each);
    cursor = next_cursor;
  }
  return [...found.values()];
};

/** Whether there is a delivery that has not ended. */
export const hasOpen = async (api: Api): Promise<boolean> => {
  for (const status of ['pending', 'retrying', 'held']) {
    const { data } = await api.get(`/v1/deliveries?status=${status}&limit=1`, page);
    if (data.length > 0) return true;
  }
  return false;
};

/** The audit's ledger: every delivery with every attempt, through the public API. */
export const readRecorded = async (api: Api): Promise<readonly RecordedDelivery[]> => {
  const deliveries = await listAll(api);
  const recorded: RecordedDelivery[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let each = deliveries[next++]; each !== undefined; each = deliveries[next++]) {
      const { id, event_id: eventId, endpoint_id: endpointId, status, reason } = each;
      const { attempts } = await api.get(`/v1/deliveries/${id}`, withAttempts);
      recorded.push({ id, eventId, endpointId, status, reason, outcomes: attempts.map(({ outcome }) => outcome) });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return recorded;
};
