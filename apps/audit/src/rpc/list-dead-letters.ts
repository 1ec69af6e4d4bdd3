import type { ListDeadLettersResponse, ListDeliveriesRequest } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import { deadLettersOf } from '../store/deliveries.ts';
import { deadLetterOf } from './encode.ts';
import { filterOf, pageOfDeliveries } from './list-deliveries.ts';
import type { Read } from './reading.ts';

/**
 * Deliveries that are dead letters now: not those that were redelivered since. Newest first, by acceptance.
 *
 * @throws Fault INVALID_FIELD
 */
export const makeListDeadLetters =
  (read: Read) =>
  (request: ListDeliveriesRequest, call: Call): Promise<ListDeadLettersResponse> =>
    read(call, 'deliveries:read', async (reading) => {
      const asked = filterOf(request);
      const asOf = new Date(reading.deliveriesAsOfMs);
      if (asked.statuses.length > 0 && !asked.statuses.includes('dead_lettered'))
        return { deadLetters: [], nextCursor: '', asOf, total: request.withTotal ? 0 : undefined };
      const filter = { ...asked, statuses: ['dead_lettered'] } as const;
      const { rows, nextCursor, total, attempts } = await pageOfDeliveries(reading, request, filter);
      const letters = await deadLettersOf(reading.trx, reading.viewer.tenantId, rows);
      const deadLetters = rows.map((row) => deadLetterOf(row, letters.get(row.id), attempts.get(row.id)));
      return { deadLetters, nextCursor, asOf, total };
    });
