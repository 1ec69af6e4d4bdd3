import { createHash } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { bearerOf } from './caller.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * counted: takes one of the calls of this minute. shown: the headers alone, for publishing. none: neither.
     * @default counted
     */
    limit?: 'counted' | 'shown' | 'none';
  }
}

export interface RateLimitOptions {
  /** For each key, publishing apart; for each address where there is no key. */
  requestsPerMinute: number;
  clock: Clock;
}

/** A key is known by its hash only; an IPv6 address by its /64, which is what one customer has. */
const keyOf = (request: FastifyRequest): string => {
  const bearer = bearerOf(request);
  return bearer === undefined
    ? `address ${rateLimit.normalizeIP(request.ip)}`
    : `key ${createHash('sha256').update(bearer).digest('hex')}`;
};

const windowMs = 60_000;

/**
 * Prepares the limit; the answer counts a call, puts X-RateLimit-* (reset in epoch seconds) on its reply, and throws
 * RATE_LIMITED past the limit. Windows are fixed, begin with the first call, and live in this process: the last 10,000
 * callers are remembered.
 */
export const openRateLimit = async (
  app: FastifyInstance,
  { requestsPerMinute, clock }: RateLimitOptions,
): Promise<(request: FastifyRequest, reply: FastifyReply) => Promise<void>> => {
  const options = { global: false, max: requestsPerMinute, timeWindow: windowMs, keyGenerator: keyOf, cache: 10_000 };
  await app.register(rateLimit, options);
  const take = app.createRateLimit();

  return async (request, reply) => {
    const { limit = 'counted' } = request.routeOptions.config;
    if (limit === 'none') return;
    const state = await take(request, { increment: limit === 'counted' });
    if (state.isAllowed) return;
    const leftMs = state.ttl === 0 ? windowMs : state.ttl;
    reply.headers({
      'x-ratelimit-limit': state.max,
      'x-ratelimit-remaining': state.remaining,
      'x-ratelimit-reset': Math.ceil((clock.now() + leftMs) / 1000),
    });
    if (limit === 'counted' && state.isExceeded) {
      throw new Fault('RATE_LIMITED', `At most ${state.max} calls a minute.`, { retryAfterMs: leftMs });
    }
  };
};
