import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '@bellwire/domain';
import { toFault, type Fault } from '@bellwire/errors';
import type { App } from '../app.ts';
import { bearerOf, missingKey } from '../caller.ts';
import type { ErrorShape } from '../problem.ts';
import { openQuota, type Quota, type TakeOne } from '../rate-limit.ts';
import { subjectOf, type DialectDeps, type DialectRoutes } from './dialect-route.ts';
import { makeWhoIs, type Who } from './who-is.ts';

type Strategy = Parameters<App['addConstraintStrategy']>[0];
type Handler = Parameters<ReturnType<Strategy['storage']>['set']>[1];
type Done = (error: null, dialect?: string) => void;

const isOfDialect = (url: string | undefined): boolean => url?.startsWith('/api/') ?? false;

export interface ByDialect {
  /** Why nobody is known to call a route below /api. */
  refusalOf(request: FastifyRequest): Fault | undefined;
  /** How the routes of the caller's dialect say an error. */
  errorShapeOf(request: FastifyRequest): ErrorShape | undefined;
  /** Counts a call to a route outside of the dialects where its user's dialect says so. @throws Fault RATE_LIMITED */
  countOutside: TakeOne;
}

/** Counts for the user of a request, with one counter for each quota. */
type Count = (quota: Quota, ...call: Parameters<TakeOne>) => Promise<void>;

const makeCount = (app: App, clock: Clock): Count => {
  const opened = new Map<Quota, TakeOne>();
  return async (quota, request, reply) => {
    const take = opened.get(quota) ?? openQuota(app, quota, clock);
    opened.set(quota, take);
    await take(request, reply);
  };
};

const add = (
  app: App,
  deps: DialectDeps,
  { dialect, routes, anyContentType = false, forWholeTenant = false }: DialectRoutes,
  count: Count,
) =>
  app.register(async (plugin) => {
    const scope = plugin.withTypeProvider<ZodTypeProvider>();
    scope.addHook('onRoute', (route) => {
      route.constraints = { ...route.constraints, dialect };
    });
    scope.addHook('onRequest', async (request, reply) => {
      if (!forWholeTenant) subjectOf(request);
      if (anyContentType) request.headers['content-type'] = 'application/json';
      const { quota } = request.routeOptions.config;
      if (quota !== undefined) await count(quota, request, reply);
    });
    for (const addTo of routes) addTo(scope, deps);
  });

/**
 * Puts the routes of the dialects below /api: which of those with one URL a request meets is decided by the dialect of
 * its tenant, which registry tells. Requests to other URLs cost nothing more, but for those that some dialect has quotas for.
 * https://fastify.dev/docs/latest/Reference/Routes/#asynchronous-custom-constraints
 */
export const routeByDialect = async (
  app: App,
  deps: DialectDeps,
  modules: readonly DialectRoutes[],
): Promise<ByDialect> => {
  const whoIs = makeWhoIs(deps);
  const callers = new WeakMap<IncomingMessage, Who>();
  const refusals = new WeakMap<IncomingMessage, Fault>();
  const shapes = new Map(modules.map(({ dialect, errorShape }) => [dialect, errorShape]));

  const learn = async (request: IncomingMessage): Promise<string | undefined> => {
    try {
      const bearer = bearerOf(request);
      if (bearer === undefined) throw missingKey();
      const who = await whoIs(bearer);
      callers.set(request, who);
      return who.dialect;
    } catch (error) {
      // The router would make a 500 of it; without a dialect no route matches, and the handler for that throws it.
      refusals.set(request, toFault(error));
      return undefined;
    }
  };

  app.addConstraintStrategy({
    name: 'dialect',
    storage: () => {
      const handlers = new Map<unknown, Handler>();
      return {
        get: (dialect) => handlers.get(dialect) ?? null,
        set: (dialect, handler) => void handlers.set(dialect, handler),
      };
    },
    // Three parameters make it asynchronous.
    deriveConstraint: (request: IncomingMessage, _context?: unknown, done?: Done) => {
      if (isOfDialect(request.url)) void learn(request).then((dialect) => done?.(null, dialect));
      else done?.(null);
    },
  });
  app.decorateRequest('who', {
    getter(this: FastifyRequest): Who {
      const who = callers.get(this.raw);
      if (who === undefined) throw new Error('only routes of a dialect know who calls');
      return who;
    },
  });
  const count = makeCount(app, deps.clock);
  for (const module of modules) await add(app, deps, module, count);

  const outside = modules.flatMap(({ dialect, quotasOutside = [] }) =>
    quotasOutside.map(({ quota, route }) => ({ dialect, quota, route })),
  );
  const countOutside: TakeOne = async (request, reply) => {
    const route = `${request.method} ${request.routeOptions.url}`;
    const fitting = outside.filter((each) => each.route.test(route));
    const bearer = bearerOf(request);
    if (fitting.length === 0 || bearer === undefined) return;
    // For whom it does not know, and for the admin, the called service decides.
    const who = await whoIs(bearer).catch(() => undefined);
    const quota = fitting.find(({ dialect }) => dialect === who?.dialect)?.quota;
    if (who?.subject === undefined || quota === undefined) return;
    callers.set(request.raw, who);
    await count(quota, request, reply);
  };

  return {
    countOutside,
    refusalOf: ({ raw }) => refusals.get(raw),
    errorShapeOf: ({ raw }) => (isOfDialect(raw.url) ? shapes.get(callers.get(raw)?.dialect ?? '') : undefined),
  };
};
