import type { GetEventRequest, GetEventResponse } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import { dayMs } from '../days.ts';
import { eventIdTime } from '../event-id-time.ts';
import { deliveriesOf } from '../store/deliveries.ts';
import { findEvent } from '../store/events.ts';
import { eventWith } from './encode.ts';
import { missing, type Read } from './reading.ts';

/** An event with those of its deliveries that the caller may see. @throws Fault NOT_FOUND, NOT_YET_RECORDED */
export const makeGetEvent =
  (read: Read) =>
  ({ id }: GetEventRequest, call: Call): Promise<GetEventResponse> =>
    read(call, 'events:read', async ({ trx, viewer, nowMs, eventsAsOfMs, deliveriesAsOfMs }) => {
      const timeMs = eventIdTime(id);
      if (timeMs === undefined) throw missing('event', id, undefined, eventsAsOfMs, nowMs);
      const isKept = timeMs >= viewer.visibleFromMs && timeMs <= nowMs + dayMs;
      const event = await findEvent(trx, viewer, id, { hintMs: isKept ? timeMs : undefined, todayMs: nowMs });
      if (event === undefined) throw missing('event', id, timeMs, eventsAsOfMs, nowMs);
      const deliveries = await deliveriesOf(trx, viewer, { id, acceptedAtMs: event.accepted_at.getTime() });
      return { event: eventWith(viewer, event, deliveries), asOf: new Date(deliveriesAsOfMs) };
    });
