import { startReceiver } from '@bellwire/testing';
import { waitUntil } from '../../ledger/waiting.ts';
import { apiOf, created, createdEndpoint, createdKey, delivery, event, until, type Api } from '../../target/api.ts';
import type { Target } from '../../target/start-target.ts';

/** What a document says of retries, and an event of its catalogue. */
export interface System {
  dialect: string;
  waitsSeconds: readonly number[];
  eventType: string;
}

export interface SystemResult {
  dialect: string;
  waitsSeconds: readonly number[];
  /** By retry, for each endpoint: how much later than due it came, in milliseconds; below 0 is early. */
  lateMs: readonly (readonly number[])[];
  /** Deliveries that did not come as often as the schedule says, and those that audit does not show as given up after that. */
  notAsOften: number;
  notGivenUp: number;
}

/** An attempt comes less than this after it is due. */
const mostLateMs = 1000;

const auditLimitMs = 30_000;

const isGivenUp = async (api: Api, eventId: string, endpointId: string, attempts: number): Promise<boolean> => {
  const shown = await api.raw('GET', `/v1/events/${eventId}`);
  if (shown.status !== 200) return false;
  const owed = event.parse(shown.json).deliveries.find((each) => each.endpoint_id === endpointId);
  if (owed?.status !== 'dead_lettered') return false;
  const { attempt_count, reason } = await api.get(`/v1/deliveries/${owed.id}`, delivery);
  return attempt_count === attempts && reason === 'attempts_exhausted';
};

/** One event for so many endpoints of a new tenant, all of which fail it. */
const failSystem = async (target: Target, system: System, endpoints: number): Promise<SystemResult> => {
  const { dialect, waitsSeconds, eventType } = system;
  const arrivals = Array.from({ length: endpoints }, (): number[] => []);
  const receiver = await startReceiver({
    keepLast: 0,
    answer: ({ path, receivedAtMs }) => {
      arrivals[Number(path.slice(1))]?.push(receivedAtMs);
      return 503;
    },
  });
  try {
    const admin = apiOf(target.rest, target.adminKey);
    const tenant = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
    const { key } = await admin.post(`/v1/tenants/${tenant.id}/api-keys`, { name: 'test' }, createdKey);
    const api = apiOf(target.rest, key);
    const endpointIds: string[] = [];
    for (let n = 0; n < endpoints; n++) {
      endpointIds.push((await api.post('/v1/endpoints', { url: receiver.url(`/${n}`) }, createdEndpoint)).id);
    }
    const { id: eventId } = await api.post('/v1/events', { type: eventType, data: {} }, created);

    const attempts = waitsSeconds.length + 1;
    const limitMs = waitsSeconds.reduce((sum, seconds) => sum + seconds * 1000 + 5 * mostLateMs, 10_000);
    await waitUntil(() => arrivals.every((times) => times.length >= attempts), limitMs);
    const givenUp = await Promise.all(
      endpointIds.map((id) =>
        until(
          'the dead letter',
          async () => ((await isGivenUp(api, eventId, id, attempts)) ? true : undefined),
          auditLimitMs,
        ).catch(() => false),
      ),
    );
    return {
      dialect,
      waitsSeconds,
      lateMs: waitsSeconds.map((seconds, index) =>
        arrivals.map((times) => (times[index + 1] ?? NaN) - (times[index] ?? NaN) - seconds * 1000),
      ),
      notAsOften: arrivals.filter((times) => times.length !== attempts).length,
      notGivenUp: givenUp.filter((isSo) => !isSo).length,
    };
  } finally {
    await receiver.close();
  }
};

/** All systems at once. */
export const failAll = (target: Target, systems: readonly System[], endpoints: number): Promise<SystemResult[]> =>
  Promise.all(systems.map((system) => failSystem(target, system, endpoints)));

export const isOnTime = ({ lateMs, notAsOften, notGivenUp }: SystemResult): boolean =>
  notAsOften === 0 && notGivenUp === 0 && lateMs.flat().every((ms) => ms >= 0 && ms < mostLateMs);
