import { context, propagation, SpanKind, SpanStatusCode, trace, type Context, type Span } from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Logger } from '@bellwire/lifecycle';

declare module 'fastify' {
  interface FastifyRequest {
    /** The server span of the request, and the context that it is active in. */
    observed: { readonly span: Span; readonly active: Context } | null;
    /** Reason of the fault that answered it, or empty. */
    failedWith: string;
  }
}

/** The pattern, never the URL: it would carry ids and grow without bound. */
const routeOf = (request: FastifyRequest): string | undefined => (request.is404 ? undefined : request.routeOptions.url);

const isProbe = (route: string | undefined): boolean => route === '/healthz' || route === '/readyz';

/** 499: the caller left before it was answered. */
const statusOf = (isAnswered: boolean, statusCode: number): number => (isAnswered ? statusCode : 499);

/**
 * For each request a server span named `{method} {route}`, with the caller's trace as its parent and active while
 * services are called, and one line `http.request`. Probes have no span.
 * Names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export const observeRequests = (app: FastifyInstance, log: Logger): void => {
  app.decorateRequest('observed', null);
  app.decorateRequest('failedWith', '');

  app.addHook('onRequest', async (request, reply) => {
    const { method } = request;
    const startedAt = performance.now();
    const route = routeOf(request);
    if (!isProbe(route)) {
      const parent = propagation.extract(context.active(), request.headers);
      const attributes = { 'http.request.method': method, ...(route === undefined ? {} : { 'http.route': route }) };
      const name = route === undefined ? method : `${method} ${route}`;
      const span = trace.getTracer('bellwire').startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
      request.observed = { span, active: trace.setSpan(parent, span) };
    }
    // The close of the response, not its end: it comes for callers who leave, too.
    reply.raw.once('close', () => {
      const status = statusOf(reply.raw.writableFinished, reply.statusCode);
      const reason = request.failedWith;
      const { span } = request.observed ?? {};
      span?.setAttribute('http.response.status_code', status);
      if (reason !== '') span?.setAttribute('error.type', reason);
      if (status >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
      span?.end();
      const durationMs = Math.round((performance.now() - startedAt) * 100) / 100;
      log.debug({ method, route, status, reason, duration_ms: durationMs, request_id: request.id }, 'http.request');
    });
  });

  // Not earlier: a body arrives on events of the socket, which do not carry the context on.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.observed === null) done();
    else context.with(request.observed.active, done);
  });
};
