import { z } from 'zod';
import type { Endpoint } from '@bellwire/contracts';
import { roleReady } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import type { Services } from '../../app.ts';
import { allEndpoints } from '../endpoints.ts';
import type { Who } from '../who-is.ts';
import { secondsText } from './seconds-text.ts';

/** The names that the document lists, in its order. */
export const availableEvents: readonly string[] = roleReady.catalogue.map(({ name }) => name);

/** What POST takes. Only a first one needs more than what it changes. */
export const givenConfiguration = z.strictObject({
  url: z.string().min(1).max(2048).optional(),
  enabled: z.boolean().optional(),
  enabledEvents: z.array(z.enum(availableEvents)).min(1).max(100).optional(),
});

export type GivenConfiguration = z.infer<typeof givenConfiguration>;

/** In the metadata of the endpoints that these routes have made: one that was made over /v1 is no configuration. */
export const configurationMark = 'roleready.configuration';

/** What these routes have made for the user, the oldest first, as ids sort by time. @throws Fault of registry */
export const configurationsOf = async ({ registry }: Pick<Services, 'registry'>, who: Who): Promise<Endpoint[]> =>
  (await allEndpoints(registry, who, who.subject)).filter(({ metadata }) => Object.hasOwn(metadata, configurationMark));

/** The endpoint that is the configuration of the user: the oldest of these. Undefined: he has none. */
export const findConfiguration = async (
  services: Pick<Services, 'registry'>,
  who: Who,
): Promise<Endpoint | undefined> => (await configurationsOf(services, who))[0];

/** @throws Fault NOT_FOUND where the user has none */
export const needConfiguration = async (services: Pick<Services, 'registry'>, who: Who): Promise<Endpoint> => {
  const found = await findConfiguration(services, who);
  if (found === undefined) {
    throw new Fault('NOT_FOUND', 'No webhook is configured: send POST /api/webhooks/config first.');
  }
  return found;
};

/** What every answer says of a configuration. */
export const toConfiguration = ({ id, url, enabled, testMode, eventTypes }: Endpoint) => ({
  id,
  url,
  enabled: enabled && !testMode,
  // One that was changed over /v1 may want all.
  enabledEvents: eventTypes.length === 0 ? availableEvents : eventTypes,
});

export const toDatedConfiguration = (endpoint: Endpoint) => ({
  ...toConfiguration(endpoint),
  createdAt: secondsText(endpoint.createdAt),
  updatedAt: secondsText(endpoint.updatedAt),
});
