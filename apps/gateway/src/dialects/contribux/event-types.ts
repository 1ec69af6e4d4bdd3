import { invalidFields } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { isSubscribable } from '../event-type-named.ts';

/**
 * Endpoints take patterns and names that nobody has published yet; these webhooks take what is in the catalogue.
 *
 * @param names by the path that messages name them by
 * @throws Fault INVALID_FIELD
 */
export const refuseUnknownTypes = async (
  registry: RpcChannel,
  names: Readonly<Record<string, string>>,
  caller: CallOptions,
): Promise<void> => {
  const checked = await Promise.all(
    Object.entries(names).map(async ([path, name]) => ({ path, known: await isSubscribable(registry, name, caller) })),
  );
  const unknown = checked.filter(({ known }) => !known);
  if (unknown.length === 0) return;
  throw invalidFields(unknown.map(({ path }) => ({ path, message: 'is not an event type of the catalogue' })));
};
