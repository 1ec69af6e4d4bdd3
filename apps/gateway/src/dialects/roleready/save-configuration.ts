import { Endpoint, RegistryServiceService as Registry } from '@bellwire/contracts';
import { invalidField, toFault } from '@bellwire/errors';
import type { Services } from '../../app.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Who } from '../who-is.ts';
import { availableEvents, findConfiguration, type GivenConfiguration } from './configuration.ts';

interface Saved {
  endpoint: Endpoint;
  secret: string;
}

/** Of the endpoints that these routes have made, so that no other is ever taken for one of two configurations. */
const mark = 'roleready.configuration';
/** More than can be made at once. */
const mostRivals = 100;

const need = (endpoint: Endpoint | undefined): Endpoint => {
  if (endpoint === undefined) throw new Error('registry left out the endpoint');
  return endpoint;
};

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
    metadata: { [mark]: 'true' },
  });
  const created = await registry.unary(Registry.createEndpoint, { endpoint: wanted }, who);
  return { endpoint: need(created.endpoint), secret: created.secret };
};

/** Where another process made one at the same time the older one stays, with what was given last. */
const keepOldest = async (
  services: Pick<Services, 'registry'>,
  who: Who,
  created: Saved,
  given: GivenConfiguration,
): Promise<Saved> => {
  const { registry } = services;
  const wanted = { subject: who.subject, limit: mostRivals, cursor: '' };
  const { endpoints } = await registry.unary(Registry.listEndpoints, wanted, who);
  const [oldest, ...others] = endpoints.filter(({ metadata }) => mark in metadata);
  for (const { id } of others) {
    await registry.unary(Registry.deleteEndpoint, { id }, who).catch((error: unknown) => {
      // The other process has done it.
      if (toFault(error).reason !== 'NOT_FOUND') throw error;
    });
  }
  return oldest === undefined || oldest.id === created.endpoint.id ? created : change(services, who, oldest.id, given);
};

/**
 * Makes or changes the one configuration of a user; what is left out stays, or is enabled, for all events. Calls of one
 * user wait for each other here, and what another process makes meanwhile is settled before the answer.
 *
 * The answer throws Fault INVALID_FIELD, INVALID_URL and others of registry.
 */
export const makeSaveConfiguration = (services: Pick<Services, 'registry'>) => {
  const inTurn = oneAtATime();
  return (who: Who, given: GivenConfiguration): Promise<Saved> =>
    inTurn(JSON.stringify([who.tenantId, who.subject]), async () => {
      const found = await findConfiguration(services, who);
      if (found !== undefined) return change(services, who, found.id, given);
      const saved = await keepOldest(services, who, await create(services, who, given), given);
      if (given.enabled !== false || !saved.endpoint.enabled) return saved;
      return change(services, who, saved.endpoint.id, { enabled: false });
    });
};
