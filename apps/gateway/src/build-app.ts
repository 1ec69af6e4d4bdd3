import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';
import type { App, Services } from './app.ts';
import { readJsonBodies } from './body.ts';
import { boundBodies, type BytesInFlight } from './bytes-in-flight.ts';
import { callerOf } from './caller.ts';
import { routeByDialect } from './dialects/by-dialect.ts';
import type { DialectRoutes } from './dialects/dialect-route.ts';
import { dialects } from './dialects/index.ts';
import { writeJson } from './json-text.ts';
import { observeRequests } from './observe.ts';
import { describeApi } from './openapi.ts';
import { faultOfHttp, problemResponse, sendProblem } from './problem.ts';
import { openRateLimit } from './rate-limit.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { endpointActionRoutes } from './routes/endpoint-actions.ts';
import { endpointRoutes } from './routes/endpoints.ts';
import { eventTypeRoutes } from './routes/event-types.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';
import { previewTemplate } from './routes/preview-template.ts';
import { reconcileRoutes } from './routes/reconcile.ts';
import { statsRoutes } from './routes/stats.ts';
import { tenantRoutes } from './routes/tenants.ts';
import { validatorCompiler } from './validate.ts';

export interface AppDeps {
  log: Logger;
  clock: Clock;
  services: Services;
  /** REST calls a minute for each key, publishing apart. */
  requestsPerMinute: number;
  /** Largest data of an event, in bytes. */
  maxPayloadBytes: number;
  bytesInFlight: BytesInFlight;
  isReady: () => Promise<Readiness>;
  /** @default those of every dialect */
  dialectRoutes?: readonly DialectRoutes[];
}

const routes = [
  ...tenantRoutes,
  ...eventTypeRoutes,
  ...endpointRoutes,
  ...endpointActionRoutes,
  previewTemplate,
  ...eventRoutes,
  ...deliveryRoutes,
  ...deadLetterRoutes,
  ...statsRoutes,
  ...reconcileRoutes,
];

/** Bodies other than events. */
const bodyLimit = 256 * 1024;
/** What the rest of a publish call may take beside its data: links, keys, white space. */
const envelopeBytes = 64 * 1024;
/** Given to the head and the body of a request to arrive; against callers who dribble. */
const requestTimeoutMs = 30_000;
/** More than an id or a name of an event type may have: a longer one is NOT_FOUND by its service, not a bad URL. */
const maxParamLength = 512;

/** The caller's id of the request where it is one that may stand in a header, a log line and a URI; else a new one. */
const requestIdOf = (request: Pick<IncomingMessage, 'headers'>): string => {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.~-]{1,128}$/.test(given) ? given : newRequestId();
};

const newRequestId = (): string => `req_${randomBytes(16).toString('base64url')}`;

const openFastify = (onRefused: (error: unknown, request: FastifyRequest, reply: FastifyReply) => void): App =>
  fastify({
    logger: false,
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    // STOPPING is answered as a problem, below.
    return503OnClosing: false,
    routerOptions: { maxParamLength, ignoreTrailingSlash: true },
    genReqId: requestIdOf,
    frameworkErrors: onRefused,
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      const fault = new Fault('MALFORMED_REQUEST', 'The request is not HTTP/1.1.', { cause: error });
      socket.end(problemResponse(fault, newRequestId()));
    },
  }).withTypeProvider<ZodTypeProvider>();

/** The gateway as a Fastify that does not listen yet. */
export const buildApp = async (deps: AppDeps): Promise<App> => {
  const { log, clock, services, requestsPerMinute, maxPayloadBytes, bytesInFlight, isReady } = deps;
  const { dialectRoutes = dialects } = deps;
  let isStopping = false;

  const answerFault = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const fault = faultOfHttp(error, () => request.routeOptions.bodyLimit);
    request.failedWith = fault.reason;
    if (fault.kind === 'internal') log.error({ err: fault.cause ?? fault, request_id: request.id }, 'http.failed');
    void sendProblem(reply, fault, byDialect.errorShapeOf(request));
  };

  /** Hooks do not run where the URL cannot be read. */
  const answerBadUrl = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.header('x-request-id', request.id);
    try {
      await limit(request, reply);
      answerFault(error, request, reply);
    } catch (limited) {
      answerFault(limited, request, reply);
    }
  };

  const app = openFastify((error, request, reply) => void answerBadUrl(error, request, reply));
  readJsonBodies(app);
  observeRequests(app, log);
  app.setValidatorCompiler(validatorCompiler);
  // Types keep answers to their schemas; the tests hold them against the description.
  app.setSerializerCompiler(() => writeJson);
  app.setErrorHandler(answerFault);

  app.addHook('preClose', async () => {
    isStopping = true;
  });
  const limit = await openRateLimit(app, { requestsPerMinute, clock });
  const holdBody = boundBodies(app, bytesInFlight);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' });
    if (isStopping) throw new Fault('STOPPING', 'The gateway is stopping.', { retryAfterMs: 1000 });
    await limit(request, reply);
    holdBody(request, reply);
  });
  app.addHook('onSend', async (_request, reply) => {
    // Else the socket would stay open, idle, after the last answer.
    if (isStopping) reply.header('connection', 'close');
  });
  app.setNotFoundHandler(async (request) => {
    throw byDialect.refusalOf(request) ?? new Fault('ROUTE_NOT_FOUND', 'There is no such route.');
  });

  await describeApi(app);
  const byDialect = await routeByDialect(app, { ...services, clock }, dialectRoutes);
  healthRoutes(app, isReady);
  await app.register(async (plugin) => {
    const v1 = plugin.withTypeProvider<ZodTypeProvider>();
    // Before the body is read: who sends no key need not send anything else.
    v1.addHook('onRequest', async (request, reply) => {
      callerOf(request);
      await byDialect.countOutside(request, reply);
    });
    const routeDeps = { ...services, publishBodyLimit: maxPayloadBytes + envelopeBytes };
    for (const addTo of routes) addTo(v1, routeDeps);
  });
  return app;
};
