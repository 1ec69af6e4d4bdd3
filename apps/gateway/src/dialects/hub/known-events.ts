import { RegistryServiceService as Registry, type EventType } from '@bellwire/contracts';
import { Fault, invalidField, invalidFields } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';

const eventNamed = async (registry: RpcChannel, name: string, caller: CallOptions): Promise<EventType | undefined> => {
  try {
    return await registry.unary(Registry.getEventType, { name }, caller);
  } catch (error) {
    if (error instanceof Fault && error.reason === 'NOT_FOUND') return undefined;
    throw error;
  }
};

/**
 * Registry takes names that no event has yet; a user of this dialect has a catalogue, and a name beside it is a mistake.
 * @throws Fault INVALID_FIELD for the names that the tenant does not have, or has archived
 */
export const checkEvents = async (
  registry: RpcChannel,
  events: readonly string[] = [],
  caller: CallOptions,
): Promise<void> => {
  const found = await Promise.all(events.map((name) => eventNamed(registry, name, caller)));
  const problems = found.flatMap((event, index) =>
    event === undefined || event.archived ? [{ path: `events[${index}]`, message: 'is not an event' }] : [],
  );
  if (problems.length > 0) throw invalidFields(problems);
};

/** Of an archived one there are deliveries still. @throws Fault INVALID_FIELD for one that the tenant never had */
export const checkEventFilter = async (
  registry: RpcChannel,
  event: string | undefined,
  caller: CallOptions,
): Promise<void> => {
  if (event === undefined || (await eventNamed(registry, event, caller)) !== undefined) return;
  throw invalidField('event', 'is not an event');
};
