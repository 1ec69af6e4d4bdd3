import { RegistryServiceService as Registry, type Endpoint } from '@bellwire/contracts';
import { Fault, toFault } from '@bellwire/errors';
import type { Services } from '../../app.ts';
import { allEndpoints, editWithSecret, madeBy } from '../endpoints.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Who } from '../who-is.ts';
import { fromChanges, fromPreferences, isMarked, isSecretUnseen, toPreferences } from './endpoint-preferences.ts';
import { merged, noPreferences, type GivenPreferences, type Preferences } from './preferences.ts';
import { changeSettings, readSettings } from './user-settings.ts';

type Deps = Pick<Services, 'registry'>;

export interface Saved {
  preferences: Preferences;
  /** Only where the endpoint has been enabled for the first time. */
  secret?: string | undefined;
}

/**
 * The endpoint that these routes have made for the user, and others that they made at the same time. Of several the oldest
 * counts, as ids sort by time. What was made over /v1 is none of them.
 */
const findEndpoints = async (
  { registry }: Deps,
  who: Who,
): Promise<{ own: Endpoint | undefined; rivals: Endpoint[] }> => {
  const [own, ...rivals] = (await allEndpoints(registry, who, who.subject)).filter(isMarked);
  return { own, rivals };
};

/** The endpoint is what counts; settings are for users who have none yet. @throws Fault of registry */
export const readPreferences = async (deps: Deps, who: Who): Promise<Preferences> => {
  const { own } = await findEndpoints(deps, who);
  if (own !== undefined) return toPreferences(own);
  return (await readSettings(deps, who)).preferences ?? noPreferences;
};

/** Registry refuses nothing else that was not looked at here. */
const inOwnWords = (error: unknown): Fault => {
  const fault = toFault(error);
  const fields = fault.fields.map(({ path, message }) => ({ path: path === 'url' ? 'webhook_url' : path, message }));
  return new Fault(fault.reason, fault.detail, { fields, retryAfterMs: fault.retryAfterMs, cause: error });
};

const keepInSettings = (deps: Deps, who: Who, decide: (before: Preferences) => Preferences): Promise<Preferences> =>
  changeSettings(deps, who, async (before) => {
    const result = decide(before.preferences ?? noPreferences);
    return { settings: { ...before, preferences: result }, result };
  });

/** Preferences outlive the endpoint; where this stops half way it is still there, and as it was. */
const remove = async (deps: Deps, who: Who, { id }: Endpoint, wanted: Preferences): Promise<Saved> => {
  await keepInSettings(deps, who, () => wanted);
  await deps.registry.unary(Registry.deleteEndpoint, { id }, who);
  return { preferences: wanted };
};

/** Where there is an endpoint it alone counts: what was kept before would come back as if it held when that is deleted. */
const forgetKept = async (deps: Deps, who: Who): Promise<void> => {
  if ((await readSettings(deps, who)).preferences === undefined) return;
  await changeSettings(deps, who, async (before) => ({
    settings: { ...before, preferences: undefined },
    result: undefined,
  }));
};

/**
 * All that was given in one write. Where it enables a webhook whose secret nobody has seen, that is made anew with it, for
 * the answer: never while it is enabled, as its receiver may have a secret from /v1.
 */
const write = async (
  { registry }: Deps,
  who: Who,
  endpoint: Endpoint,
  wanted: Preferences,
  given: GivenPreferences,
): Promise<{ endpoint: Endpoint; secret?: string }> => {
  const edit = fromChanges(endpoint, wanted, given);
  if (!wanted.enable_webhook || !isSecretUnseen(endpoint)) {
    return { endpoint: await registry.unary(Registry.updateEndpoint, edit, who) };
  }
  return await editWithSecret(registry, { id: endpoint.id, edit }, who);
};

const change = async (deps: Deps, who: Who, endpoint: Endpoint, given: GivenPreferences): Promise<Saved> => {
  const wanted = merged(toPreferences(endpoint), given);
  if (wanted.webhook_url === null) return await remove(deps, who, endpoint, wanted);
  await forgetKept(deps, who);
  const written = await write(deps, who, endpoint, wanted, given);
  return { preferences: toPreferences(written.endpoint), secret: written.secret };
};

/** Where two processes made one at the same time the older one stays. */
const settled = async (deps: Deps, who: Who): Promise<Endpoint | undefined> => {
  const { own, rivals } = await findEndpoints(deps, who);
  for (const { id } of rivals) {
    await deps.registry.unary(Registry.deleteEndpoint, { id }, who).catch((error: unknown) => {
      // The other process has done it.
      if (toFault(error).reason !== 'NOT_FOUND') throw error;
    });
  }
  return own;
};

const make = async ({ registry }: Deps, who: Who, wanted: Preferences) => {
  const request = { endpoint: fromPreferences(wanted, who.subject), disabled: !wanted.enable_webhook };
  const { endpoint, secret } = madeBy(await registry.unary(Registry.createEndpoint, request, who));
  return { endpoint, secret: endpoint.enabled ? secret : undefined };
};

/** Moves what was kept into an endpoint, what another process keeps meanwhile too. Both is done, or neither. */
const move = async (deps: Deps, who: Who, given: GivenPreferences) => {
  let made: Awaited<ReturnType<typeof make>> | undefined;
  try {
    return await changeSettings(deps, who, async (before) => {
      const wanted = merged(before.preferences ?? noPreferences, given);
      if (made === undefined) made = await make(deps, who, wanted);
      else if (before.preferences !== undefined) {
        const { endpoint, secret = made.secret } = await write(deps, who, made.endpoint, wanted, wanted);
        made = { endpoint, secret };
      }
      return { settings: { ...before, preferences: undefined }, result: made };
    });
  } catch (error) {
    if (made !== undefined) await deps.registry.unary(Registry.deleteEndpoint, { id: made.endpoint.id }, who);
    throw error;
  }
};

const create = async (deps: Deps, who: Who, given: GivenPreferences): Promise<Saved> => {
  const { endpoint, secret } = await move(deps, who, given);
  const kept = await settled(deps, who);
  if (kept !== undefined && kept.id !== endpoint.id) return await change(deps, who, kept, given);
  return { preferences: toPreferences(endpoint), secret };
};

/** Where another process made an endpoint at the same time it is that one which counts. */
const keep = async (deps: Deps, who: Who, given: GivenPreferences): Promise<Saved> => {
  const preferences = await keepInSettings(deps, who, (before) => merged(before, given));
  const { own } = await findEndpoints(deps, who);
  return own === undefined ? { preferences } : await change(deps, who, own, given);
};

/**
 * Merges what is given into the preferences of a user: into his endpoint, or, while no URL was given, into his settings,
 * and never are they in both. Nothing is half done; registry judges the URL before anything is written. Calls of one user
 * wait for each other here. Registry has no condition for changing an endpoint: of two processes that change the same
 * field of it at once (both ends of the quiet hours are one, and so are both filters) the later one counts.
 *
 * The answer throws Fault INVALID_FIELD, INVALID_URL and others of registry.
 */
export const makeSavePreferences = (deps: Deps) => {
  const inTurn = oneAtATime();
  const save = async (who: Who, given: GivenPreferences): Promise<Saved> => {
    const endpoint = await settled(deps, who);
    if (endpoint !== undefined) return await change(deps, who, endpoint, given);
    if (typeof given.webhook_url === 'string') return await create(deps, who, given);
    return await keep(deps, who, given);
  };
  return (who: Who, given: GivenPreferences): Promise<Saved> =>
    inTurn(JSON.stringify([who.tenantId, who.subject]), async () => {
      try {
        return await save(who, given);
      } catch (error) {
        throw inOwnWords(error);
      }
    });
};
