import { Endpoint, RegistryServiceService as Registry } from '@bellwire/contracts';
import { invalidField, toFault } from '@bellwire/errors';
import type { Services } from '../../app.ts';
import { madeBy } from '../endpoints.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Who } from '../who-is.ts';
import {
  availableEvents,
  configurationMark,
  configurationsOf,
  findConfiguration,
  needConfiguration,
  type GivenConfiguration,
} from './configuration.ts';

interface Saved {
  endpoint: Endpoint;
  secret: string;
}

const isGone = (error: unknown): boolean => toFault(error).reason === 'NOT_FOUND';

/** Changes what is given, and nothing where nothing is. */
const change = async (
  { registry }: Pick<Services, 'registry'>,
  who: Who,
  id: string,
  given: GivenConfiguration,
): Promise<Saved> => {
  const { url, enabled, enabledEvents } = given;
  const updateMask = [
    ...(url === undefined ? [] : ['url']),
    ...(enabledEvents === undefined ? [] : ['event_types']),
    ...(enabled === undefined ? [] : ['enabled', 'test_mode']),
  ];
  const wanted = { endpoint: Endpoint.fromPartial({ id, url, enabled, eventTypes: enabledEvents }), updateMask };
  const endpoint = await registry.unary(Registry.updateEndpoint, wanted, who);
  return { endpoint, ...(await registry.unary(Registry.getSecret, { id }, who)) };
};

/** Registry makes every endpoint enabled: in test mode none of what is published until it is disabled reaches it. */
const create = async (
  { registry }: Pick<Services, 'registry'>,
  who: Who,
  given: GivenConfiguration,
): Promise<Saved> => {
  const { url, enabled = true, enabledEvents = availableEvents } = given;
  if (url === undefined) throw invalidField('url', 'is required');
  const wanted = Endpoint.fromPartial({
    url,
    subject: who.subject,
    eventTypes: [...enabledEvents],
    testMode: !enabled,
    metadata: { [configurationMark]: 'true' },
  });
  return madeBy(await registry.unary(Registry.createEndpoint, { endpoint: wanted }, who));
};

/** Where another process made one at the same time the older one stays, with what was given last. */
const keepOldest = async (
  services: Pick<Services, 'registry'>,
  who: Who,
  created: Saved,
  given: GivenConfiguration,
): Promise<Saved> => {
  const [oldest, ...others] = await configurationsOf(services, who);
  for (const { id } of others) {
    await services.registry.unary(Registry.deleteEndpoint, { id }, who).catch((error: unknown) => {
      // The other process has done it.
      if (!isGone(error)) throw error;
    });
  }
  return oldest === undefined || oldest.id === created.endpoint.id ? created : change(services, who, oldest.id, given);
};

/** Undefined where there is none, or none any more: another process may delete it meanwhile. */
const changeFound = async (
  services: Pick<Services, 'registry'>,
  who: Who,
  given: GivenConfiguration,
): Promise<Saved | undefined> => {
  const found = await findConfiguration(services, who);
  if (found === undefined) return undefined;
  return await change(services, who, found.id, given).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
};

const save = async (services: Pick<Services, 'registry'>, who: Who, given: GivenConfiguration): Promise<Saved> => {
  const changed = await changeFound(services, who, given);
  if (changed !== undefined) return changed;
  const saved = await keepOldest(services, who, await create(services, who, given), given);
  if (given.enabled !== false || !saved.endpoint.enabled) return saved;
  return await change(services, who, saved.endpoint.id, { enabled: false });
};

/**
 * `save` makes or changes the one configuration of a user: what is left out stays, or is enabled, for all events. `remove`
 * deletes it. Calls of one user wait for each other here, and what another process makes or deletes meanwhile is settled
 * before the answer.
 *
 * The answers throw Fault INVALID_FIELD, INVALID_URL, NOT_FOUND where there is nothing to remove, and others of registry.
 */
export const makeConfigurations = (services: Pick<Services, 'registry'>) => {
  const inTurn = oneAtATime();
  const ofUser = ({ tenantId, subject }: Who): string => JSON.stringify([tenantId, subject]);
  return {
    save: (who: Who, given: GivenConfiguration): Promise<Saved> =>
      inTurn(ofUser(who), () => save(services, who, given)),
    remove: (who: Who): Promise<void> =>
      inTurn(ofUser(who), async () => {
        const { id } = await needConfiguration(services, who);
        await services.registry.unary(Registry.deleteEndpoint, { id }, who);
      }),
  };
};
