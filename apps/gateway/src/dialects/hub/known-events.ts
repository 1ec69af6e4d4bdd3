import { RegistryServiceService as Registry } from '@bellwire/contracts';
import { Fault, invalidFields } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';

/**
 * Registry takes names that no event has yet; a user of this dialect has a catalogue, and a name beside it is a mistake.
 * @throws Fault INVALID_FIELD for the names that the tenant does not have, or has archived
 */
export const checkEvents = async (
  registry: RpcChannel,
  events: readonly string[] | undefined,
  caller: CallOptions,
): Promise<void> => {
  const isKnown = async (name: string): Promise<boolean> => {
    try {
      return !(await registry.unary(Registry.getEventType, { name }, caller)).archived;
    } catch (error) {
      if (error instanceof Fault && error.reason === 'NOT_FOUND') return false;
      throw error;
    }
  };
  const known = await Promise.all((events ?? []).map(isKnown));
  const problems = known.flatMap((is, index) => (is ? [] : [{ path: `events[${index}]`, message: 'is not an event' }]));
  if (problems.length > 0) throw invalidFields(problems);
};
