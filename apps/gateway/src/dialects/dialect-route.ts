import type { FastifyRequest } from 'fastify';
import type { Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { App, Services } from '../app.ts';
import type { ErrorShape } from '../problem.ts';
import type { Quota } from '../rate-limit.ts';
import type { Who } from './who-is.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Counted for the user of a route of a dialect, beside the calls of the key. */
    quota?: Quota;
  }
  interface FastifyRequest {
    /** Who calls a route of a dialect; pass it to services as the options of a call. @throws Error on routes of /v1 */
    readonly who: Who;
  }
}

export interface DialectDeps extends Services {
  clock: Clock;
}

/** A row of the table of a dialect: method, URL from /api on, zod schemas, handler. */
export type DialectRoute = (app: App, deps: DialectDeps) => void;

/** What a user's calls to routes outside of his dialect count as. */
export interface QuotaOutside {
  readonly quota: Quota;
  /** Of method and URL as the route has it, such as `GET /v1/endpoints/:id`. */
  readonly route: RegExp;
}

/** What a folder beside this file brings: the REST routes that a document describes. */
export interface DialectRoutes {
  /** Name of the dialect of the tenants that have them. */
  readonly dialect: string;
  readonly routes: readonly DialectRoute[];
  /** Form of the errors of these routes. @default problem+json */
  readonly errorShape?: ErrorShape;
  /** What is sent is read as JSON, whatever its header says that it is. @default false: only application/json is */
  readonly anyContentType?: boolean;
  /** Keys without a subject may call, too: each handler decides. @default false */
  readonly forWholeTenant?: boolean;
  /** So that a user meets his quotas by whichever route he comes: the first that fits counts. @default none */
  readonly quotasOutside?: readonly QuotaOutside[];
}

/** The user that a request acts for. @throws Fault SUBJECT_NEEDED for a key of the whole tenant */
export const subjectOf = ({ who }: Pick<FastifyRequest, 'who'>): string => {
  if (who.subject === undefined) {
    throw new Fault('SUBJECT_NEEDED', 'These routes are those of a user: give the key a subject.');
  }
  return who.subject;
};
