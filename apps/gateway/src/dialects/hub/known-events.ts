import { invalidField, invalidFields } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { eventTypeNamed, isSubscribable } from '../event-type-named.ts';

/**
 * Registry takes names that no event has yet; a user of this dialect has a catalogue, and a name beside it is a mistake.
 * @throws Fault INVALID_FIELD for the names that the tenant does not have, or has archived
 */
export const checkEvents = async (
  registry: RpcChannel,
  events: readonly string[] = [],
  caller: CallOptions,
): Promise<void> => {
  const known = await Promise.all(events.map((name) => isSubscribable(registry, name, caller)));
  const problems = known.flatMap((is, index) => (is ? [] : [{ path: `events[${index}]`, message: 'is not an event' }]));
  if (problems.length > 0) throw invalidFields(problems);
};

/** Of an archived one there are deliveries still. @throws Fault INVALID_FIELD for one that the tenant never had */
export const checkEventFilter = async (
  registry: RpcChannel,
  event: string | undefined,
  caller: CallOptions,
): Promise<void> => {
  if (event === undefined || (await eventTypeNamed(registry, event, caller)) !== undefined) return;
  throw invalidField('event', 'is not an event');
};
