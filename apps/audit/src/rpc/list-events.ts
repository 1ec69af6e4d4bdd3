import type { ListEventsRequest, ListEventsResponse } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import { countEvents, listEvents } from '../store/events.ts';
import { eventOf } from './encode.ts';
import { eventIdPattern, pageOf, refuseNul, sliceOf, type Read } from './reading.ts';

/** Events, newest first. @throws Fault INVALID_FIELD */
export const makeListEvents =
  (read: Read) =>
  (request: ListEventsRequest, call: Call): Promise<ListEventsResponse> =>
    read(call, 'events:read', async ({ trx, viewer, eventsAsOfMs }) => {
      const slice = sliceOf(request, eventIdPattern);
      const { type, subject, withTotal } = request;
      refuseNul({ type, subject });
      const filter = { ...slice, type, subject };
      const { rows, nextCursor } = pageOf(await listEvents(trx, viewer, filter, slice), slice);
      const total = withTotal ? await countEvents(trx, viewer, filter) : undefined;
      return { events: rows.map(eventOf), nextCursor, asOf: new Date(eventsAsOfMs), total };
    });
