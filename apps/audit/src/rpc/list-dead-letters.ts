import type { ListDeadLettersResponse, ListDeliveriesRequest } from '@bellwire/contracts';
import type { Call } from '@bellwire/rpc';
import { deadLettersOf, listDeliveries } from '../store/deliveries.ts';
import { deadLetterOf } from './encode.ts';
import { filterOf } from './list-deliveries.ts';
import { dateOf, pageOf, type Read } from './reading.ts';

/**
 * Deliveries that are dead letters now: not those that were redelivered since. Newest first, by acceptance.
 *
 * @throws Fault INVALID_FIELD
 */
export const makeListDeadLetters =
  (read: Read) =>
  (request: ListDeliveriesRequest, call: Call): Promise<ListDeadLettersResponse> =>
    read(call, 'deliveries:read', async ({ trx, viewer, deliveriesAsOfMs }) => {
      const asked = filterOf(request);
      const asOf = dateOf(deliveriesAsOfMs);
      if (asked.status !== undefined && asked.status !== 'dead_lettered')
        return { deadLetters: [], nextCursor: '', asOf };
      const filter = { ...asked, status: 'dead_lettered' } as const;
      const { rows, nextCursor } = pageOf(await listDeliveries(trx, viewer, filter), filter);
      const letters = await deadLettersOf(trx, viewer.tenantId, rows);
      return { deadLetters: rows.map((row) => deadLetterOf(row, letters.get(row.id))), nextCursor, asOf };
    });
