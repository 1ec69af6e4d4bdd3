import { z } from 'zod';
import { AuditServiceService as Audit, DispatcherServiceService as Dispatcher } from '@bellwire/contracts';
import { toFault } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { problem, problemOf } from '../problem.ts';
import { deadLetter, deliveryFilters, fromDeliveryFilters, toDeadLetter } from '../resources/delivery.ts';
import { noQuery, orNull, recordedListOf, timeText } from '../resources/members.ts';

const redelivery = z.union([
  z.object({ id: z.string(), round: z.int() }),
  z.object({ id: z.string(), error: problem }),
]);

/** One redelivery of many: it fails alone, unless the key is at fault, which is every one's. */
const redeliverOne = async (
  dispatcher: RpcChannel,
  id: string,
  caller: CallOptions,
  requestId: string,
): Promise<z.infer<typeof redelivery>> => {
  try {
    const wanted = { deliveryId: id, deadLetterOnly: true };
    const { round } = await dispatcher.unary(Dispatcher.redeliver, wanted, caller);
    return { id, round };
  } catch (error) {
    const fault = toFault(error);
    if (fault.kind === 'unauthenticated' || fault.kind === 'forbidden') throw fault;
    return { id, error: problemOf(fault, requestId) };
  }
};

const listDeadLetters: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/dead-letters',
    schema: {
      summary: 'List dead letters, newest first',
      operationId: 'listDeadLetters',
      tags: ['Dead letters'],
      querystring: deliveryFilters,
      response: { 200: recordedListOf(deadLetter) },
    },
    handler: async (request) => {
      const answer = await audit.unary(Audit.listDeadLetters, fromDeliveryFilters(request.query), callerOf(request));
      return {
        data: answer.deadLetters.map(toDeadLetter),
        next_cursor: orNull(answer.nextCursor),
        as_of: timeText(answer.asOf),
      };
    },
  });

const redeliverDeadLetters: Route = (app, { dispatcher }) =>
  app.route({
    method: 'POST',
    url: '/v1/dead-letters/redeliver',
    schema: {
      summary: 'Redeliver dead letters',
      description:
        'Each one succeeds or fails alone; the answer has one entry for each id, in their order. ' +
        'A delivery that is no dead letter, or no longer one, fails with WRONG_STATE.',
      operationId: 'redeliverDeadLetters',
      tags: ['Dead letters'],
      querystring: noQuery,
      body: z.strictObject({
        ids: z.array(z.string()).min(1).max(100).describe('Ids of deliveries that are dead letters.'),
      }),
      response: { 202: z.object({ data: z.array(redelivery) }) },
    },
    handler: async (request, reply) => {
      const caller = callerOf(request);
      // An id that is named twice opens one round.
      const ids = [...new Set(request.body.ids)];
      const data = await Promise.all(ids.map((id) => redeliverOne(dispatcher, id, caller, request.id)));
      return reply.code(202).send({ data });
    },
  });

/** Deliveries that will not be tried again by themselves. */
export const deadLetterRoutes: readonly Route[] = [listDeadLetters, redeliverDeadLetters];
