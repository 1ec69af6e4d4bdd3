import type { PublishRequest, PublishResponse } from '@bellwire/contracts';
import { actingFor } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import type { AcceptEvents } from '../accept-events.ts';

export const makePublish =
  (acceptEvents: AcceptEvents) =>
  async (request: PublishRequest, { principal, namedTenant }: Call): Promise<PublishResponse> => {
    const [answer] = await acceptEvents(actingFor(principal, 'events:publish', namedTenant), [request]);
    if (answer === undefined) throw new Error('an event without an answer');
    if (answer instanceof Fault) throw answer;
    return answer;
  };
