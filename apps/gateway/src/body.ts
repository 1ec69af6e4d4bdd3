import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault, invalidFields } from '@bellwire/errors';
import { membersOf, type Members } from './json-text.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The members of the body as minified JSON text, by name: some pass through untouched. */
    bodyMembers: Members['texts'] | undefined;
    /** The whole body as it was sent, for routes that pass all of it on. */
    bodyText: string | undefined;
  }
}

// A byte order mark is dropped, bytes that are not UTF-8 are refused (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true });

const parse = (bytes: Buffer): { text: string; value: unknown } => {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return { text, value };
  } catch (error) {
    throw new Fault('MALFORMED_REQUEST', 'The body is not valid JSON in UTF-8.', { cause: error });
  }
};

/** @throws Fault INVALID_FIELD for members that are given twice: readers differ in which one they take */
const textsOf = (object: string): Members['texts'] => {
  const { texts, repeated } = membersOf(object);
  if (repeated.length > 0) throw invalidFields(repeated.map((path) => ({ path, message: 'is given twice' })));
  return texts;
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON is the only content type. `__proto__` is an own property of what JSON.parse makes; `validate.ts` refuses it. */
export const readJsonBodies = (app: FastifyInstance): void => {
  app.decorateRequest('bodyMembers', undefined);
  app.decorateRequest('bodyText', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      if (bytes.length === 0) return undefined;
      const { text, value } = parse(bytes);
      // Fastify would take it for a body that is absent.
      if (value === null) throw new Fault('MALFORMED_REQUEST', 'The body must not be null.');
      request.bodyText = text;
      if (isObject(value)) request.bodyMembers = textsOf(text);
      return value;
    },
  );
};
