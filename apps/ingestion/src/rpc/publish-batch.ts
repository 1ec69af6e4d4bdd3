import type { PublishBatchRequest, PublishBatchResponse } from '@bellwire/contracts';
import { actingFor } from '@bellwire/domain';
import { invalidField } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import type { AcceptEvents } from '../accept-events.ts';
import { publishResultOf } from './publish-result.ts';

export const maxBatchEvents = 1000;

export const makePublishBatch =
  (acceptEvents: AcceptEvents) =>
  async ({ events }: PublishBatchRequest, { principal, namedTenant }: Call): Promise<PublishBatchResponse> => {
    const acting = actingFor(principal, 'events:publish', namedTenant);
    if (events.length === 0) return { results: [] };
    if (events.length > maxBatchEvents) throw invalidField('events', `must have at most ${maxBatchEvents} entries`);
    const answers = await acceptEvents(acting, events);
    return { results: answers.map((answer, index) => publishResultOf(index, answer)) };
  };
