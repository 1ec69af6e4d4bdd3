import type { ListEventsRequest, ListEventsResponse } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import { listEvents } from '../store/events.ts';
import { eventOf } from './encode.ts';
import { dateOf, eventIdPattern, pageOf, refuseNul, sliceOf, type Read } from './reading.ts';

/** Events, newest first. @throws Fault INVALID_FIELD */
export const makeListEvents =
  (read: Read) =>
  (request: ListEventsRequest, call: Call): Promise<ListEventsResponse> =>
    read(call, 'events:read', async ({ trx, viewer, eventsAsOfMs }) => {
      const slice = sliceOf(request, eventIdPattern);
      const { type, subject } = request;
      refuseNul({ type, subject });
      const found = await listEvents(trx, viewer, { ...slice, type, subject });
      const { rows, nextCursor } = pageOf(found, slice);
      return { events: rows.map(eventOf), nextCursor, asOf: dateOf(eventsAsOfMs) };
    });
