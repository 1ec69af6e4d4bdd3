import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { bearerOf, hashOf } from './caller.ts';

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
  return bearer === undefined ? `address ${rateLimit.normalizeIP(request.ip)}` : `key ${hashOf(bearer)}`;
};

const windowMs = 60_000;
/** Counts a request and puts X-RateLimit-* on its reply. @throws Fault RATE_LIMITED */
export type TakeOne = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

const showLimit = (
  reply: FastifyReply,
  { max, remaining }: { max: number; remaining: number },
  resetMs: number,
): void => {
  reply.headers({
    'x-ratelimit-limit': max,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': Math.ceil(resetMs / 1000),
  });
};

/**
 * Prepares the limit; the answer counts a call, puts X-RateLimit-* (reset in epoch seconds) on its reply, and throws
 * RATE_LIMITED past the limit. Windows are fixed, begin with the first call, and live in this process: the last 10,000
 * callers are remembered.
 */
export const openRateLimit = async (
  app: FastifyInstance,
  { requestsPerMinute, clock }: RateLimitOptions,
): Promise<TakeOne> => {
  const options = { global: false, max: requestsPerMinute, timeWindow: windowMs, keyGenerator: keyOf, cache: 10_000 };
  await app.register(rateLimit, options);
  const take = app.createRateLimit();

  return async (request, reply) => {
    const { limit = 'counted' } = request.routeOptions.config;
    if (limit === 'none') return;
    const state = await take(request, { increment: limit === 'counted' });
    if (state.isAllowed) return;
    const leftMs = state.ttl === 0 ? windowMs : state.ttl;
    showLimit(reply, state, clock.now() + leftMs);
    if (limit === 'counted' && state.isExceeded) {
      throw new Fault('RATE_LIMITED', `At most ${state.max} calls a minute.`, { retryAfterMs: leftMs });
    }
  };
};

/** So many calls of one kind for each user of a tenant. Routes that share it, the same value, are counted together. */
export interface Quota {
  /** What is counted, as in "at most 10 {tests} in 3600 seconds". */
  readonly name: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/**
 * A counter of its own, as the limit of all calls has one: its headers stand in place of that one's. The last 5,000 users
 * are remembered.
 */
export const openQuota = (app: FastifyInstance, { name, limit, windowSeconds }: Quota, clock: Clock): TakeOne => {
  const take = app.createRateLimit({
    max: limit,
    timeWindow: windowSeconds * 1000,
    keyGenerator: ({ who }) => `${who.tenantId} ${who.subject ?? ''}`,
  });
  return async (request, reply) => {
    const state = await take(request);
    if (state.isAllowed) return;
    showLimit(reply, state, clock.now() + state.ttl);
    if (!state.isExceeded) return;
    const detail = `At most ${limit} ${name} in ${windowSeconds} seconds.`;
    throw new Fault('RATE_LIMITED', detail, { retryAfterMs: state.ttl });
  };
};
