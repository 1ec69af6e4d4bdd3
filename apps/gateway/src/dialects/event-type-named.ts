import { RegistryServiceService as Registry, type EventType } from '@bellwire/contracts';
import { toFault } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';

/** An event type of the tenant, archived ones too; undefined: it has none of that name. @throws Fault of registry */
export const eventTypeNamed = async (
  registry: RpcChannel,
  name: string,
  caller: CallOptions,
): Promise<EventType | undefined> => {
  try {
    return await registry.unary(Registry.getEventType, { name }, caller);
  } catch (error) {
    if (toFault(error).reason === 'NOT_FOUND') return undefined;
    throw error;
  }
};

/** Whether the tenant has it, and has not archived it. @throws Fault of registry */
export const isSubscribable = async (registry: RpcChannel, name: string, caller: CallOptions): Promise<boolean> =>
  (await eventTypeNamed(registry, name, caller))?.archived === false;
