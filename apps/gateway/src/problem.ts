import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Fault, kinds, toFault } from '@bellwire/errors';
import { writeJson } from './json-text.ts';

/** The one form of an error, RFC 9457 with the members reason and fields. */
export const problem = z
  .object({
    type: z.string().describe('Where the reason is explained: a reference relative to the documentation.'),
    title: z.string().describe('The reason in words, the same each time.'),
    status: z.int(),
    detail: z.string().describe('What happened this time.'),
    reason: z.string().describe('A constant to decide by, such as INVALID_FIELD; docs/errors.md lists all.'),
    fields: z
      .array(z.object({ path: z.string().describe('Such as event_types[2].'), message: z.string() }))
      .describe('The broken rules, where the request is at fault; empty otherwise.'),
    instance: z.string().describe('Id of the request, as in X-Request-Id.'),
  })
  .meta({ id: 'Problem', description: 'Why a request failed (RFC 9457).' });

export type Problem = z.infer<typeof problem>;

export const problemOf = (fault: Fault, requestId: string): Problem => ({
  type: `/docs/errors#${fault.reason}`,
  title: fault.title,
  status: kinds[fault.kind].http,
  detail: fault.detail,
  reason: fault.reason,
  fields: fault.fields.map(({ path, message }) => ({ path, message })),
  instance: requestId,
});

const isRefusal = (error: unknown): error is Error & { code?: string } =>
  error instanceof Error &&
  'statusCode' in error &&
  typeof error.statusCode === 'number' &&
  error.statusCode >= 400 &&
  error.statusCode < 500;

/**
 * What a thrown value says to the caller. Requests that Fastify refuses are the caller's, anything else untyped is a bug.
 *
 * @param bodyLimit of the route, in bytes
 */
export const faultOfHttp = (error: unknown, bodyLimit: () => number): Fault => {
  if (error instanceof Fault || !isRefusal(error)) return toFault(error);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Fault('PAYLOAD_TOO_LARGE', `The body is over the limit of ${bodyLimit()} bytes.`, { cause: error });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Fault('MALFORMED_REQUEST', 'Send the body as application/json.', { cause: error });
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new Fault('MALFORMED_REQUEST', 'The URL cannot be read.', { cause: error });
    case 'ECONNRESET':
      return new Fault('CALLER_LEFT', 'The caller left before its request had arrived.', { cause: error });
    default:
      return new Fault('MALFORMED_REQUEST', 'The request cannot be read.', { cause: error });
  }
};

const contentType = 'application/problem+json';

/** Headers that say in HTTP what the fault says. Retry-After is whole seconds (RFC 9110, section 10.2.3), rounded up. */
const headersOf = (fault: Fault): Record<string, string> => ({
  'content-type': contentType,
  ...(fault.retryAfterMs === undefined
    ? {}
    : { 'retry-after': String(Math.max(1, Math.ceil(fault.retryAfterMs / 1000))) }),
  ...(fault.kind === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}),
});

/** Another form of errors: those of a document that clients are written against. */
export type ErrorShape = (
  fault: Fault,
  requestId: string,
) => {
  body: unknown;
  /** @default that of the kind of fault */
  status?: number;
  /** @default application/json */
  contentType?: string;
};

const asProblem: ErrorShape = (fault, requestId) => ({ body: problemOf(fault, requestId), contentType });

/** Answers with a fault. As bytes: Fastify would add a charset to text, and JSON types have none. */
export const sendProblem = (reply: FastifyReply, fault: Fault, shape: ErrorShape = asProblem): FastifyReply => {
  const said = shape(fault, reply.request.id);
  return reply
    .code(said.status ?? kinds[fault.kind].http)
    .headers({ ...headersOf(fault), 'content-type': said.contentType ?? 'application/json' })
    .send(Buffer.from(writeJson(said.body)));
};

/** The same for bytes that are not HTTP, where Fastify has no reply: a whole response, after which the socket closes. */
export const problemResponse = (fault: Fault, requestId: string): string => {
  const body = writeJson(problemOf(fault, requestId));
  const headers = { ...headersOf(fault), 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${kinds[fault.kind].http} ${fault.kind}\r\n${lines.join('')}\r\n${body}`;
};
