import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Fault } from '@bellwire/errors';

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON text of the body as it came, for members that pass through untouched; empty where there is none. */
    bodyText: string;
  }
}

// A byte order mark is dropped, bytes that are not UTF-8 are refused (RFC 8259, section 8.1).
const utf8 = new TextDecoder('utf-8', { fatal: true });

const parse = (bytes: Buffer): { text: string; value: unknown } => {
  if (bytes.length === 0) return { text: '', value: undefined };
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    return { text, value };
  } catch (error) {
    throw new Fault('MALFORMED_REQUEST', 'The body is not valid JSON in UTF-8.', { cause: error });
  }
};

/**
 * JSON is the only content type. No guard against `__proto__` members is needed: JSON.parse makes them own properties,
 * bodies are strict objects, and free-form members are taken as text.
 */
export const readJsonBodies = (app: FastifyInstance): void => {
  app.decorateRequest('bodyText', '');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      const { text, value } = parse(bytes);
      request.bodyText = text;
      return value;
    },
  );
};
