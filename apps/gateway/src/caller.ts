import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Fault } from '@bellwire/errors';
import type { CallOptions } from '@bellwire/rpc';

/** The key of a request, if it carries one. */
export const bearerOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined =>
  /^Bearer +([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];

/** What a key is remembered by. */
export const hashOf = (bearer: string): string => createHash('sha256').update(bearer).digest('hex');

export const missingKey = (): Fault => new Fault('MISSING_KEY', 'Send the header Authorization: Bearer <key>.');

/**
 * Who calls, to be passed on: the called service decides what the key may do.
 * @throws Fault MISSING_KEY, UNKNOWN_TENANT for a name that no tenant can have
 */
export const callerOf = (request: FastifyRequest): CallOptions => {
  const bearer = bearerOf(request);
  if (bearer === undefined) throw missingKey();
  const named = request.headers['x-bellwire-tenant'];
  if (named === undefined || named === '') return { bearer };
  if (typeof named !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(named)) {
    throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
  }
  return { bearer, tenant: named };
};
