import swagger, { type SwaggerTransform } from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problem } from './problem.ts';
import { noBody } from './resources/members.ts';

/** What JSON Schema says better, or need not say, of a zod schema. */
const zodToJsonConfig = {
  override: ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: z.core.JSONSchema.BaseSchema }) => {
    // An answer may grow members; in a request only strict objects refuse unknown ones.
    if (zodSchema instanceof z.ZodObject && zodSchema.def.catchall === undefined)
      delete jsonSchema.additionalProperties;
    // No content.
    if (zodSchema instanceof z.ZodUndefined) jsonSchema.type = 'null';
    // zod leaves the examples of what it transforms out of requests.
    const examples = z.globalRegistry.get(zodSchema)?.examples;
    if (Array.isArray(examples)) jsonSchema.examples = examples;
    // The format says more.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

const headers = z.object({
  'x-bellwire-tenant': z
    .string()
    .optional()
    .describe('The tenant to act for: needed with an admin key, and only then.'),
});

/** As every refusal: a problem document. */
const refusal = { description: 'Why it failed.', content: { 'application/problem+json': { schema: problem } } };

/** Operations that may meet something of the same name, or a key used before. */
const mayConflict: ReadonlySet<string | undefined> = new Set(['publishEvent', 'createEventType']);

const told = (description: string) => ({ ...refusal, description });

/** What may be refused of an operation; `default` is the rest. */
const refusalsOf = (url: string, operationId: string | undefined, hasBody: boolean) => ({
  400: told('The request breaks a rule: `fields` says where.'),
  401: told('The key is missing, unknown or revoked.'),
  403: told('The key may not do this.'),
  ...(url.includes(':')
    ? { 404: told('There is no such thing in this tenant, or it is too young to be recorded.') }
    : {}),
  ...(mayConflict.has(operationId) ? { 409: told('The name is taken, or the key was used with another body.') } : {}),
  ...(hasBody ? { 413: told('The body, or the data in it, is over the limit that is named.') } : {}),
  429: told('Too many calls: Retry-After says how long to wait.'),
  default: refusal,
});

const toJsonSchemas = createJsonSchemaTransform({ zodToJsonConfig });

/** Marks an operation until `freeBodies` has seen it: @fastify/swagger calls every body required. */
const bodyIsFree = 'x-body-is-free';

/**
 * The schemas of a route, with what every /v1 route has: the tenant header and the form of errors. Routes of dialects
 * are left out: their documents describe them, and several share a URL.
 */
const transform: SwaggerTransform = (document) => {
  const { schema, url } = document;
  if (url.startsWith('/api/')) return { schema: { hide: true }, url };
  if (!url.startsWith('/v1/')) return toJsonSchemas(document);
  const answers = typeof schema.response === 'object' ? schema.response : {};
  const body = schema.body === noBody ? undefined : schema.body;
  const complete = {
    ...schema,
    headers,
    body,
    response: { ...answers, ...refusalsOf(url, schema.operationId, body !== undefined) },
    [bodyIsFree]: body instanceof z.ZodOptional,
  };
  return toJsonSchemas({ ...document, schema: complete });
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const freeBodies = (document: Record<string, unknown>): void => {
  const paths = isRecord(document.paths) ? Object.values(document.paths) : [];
  for (const operation of paths.filter(isRecord).flatMap((path) => Object.values(path).filter(isRecord))) {
    if (operation[bodyIsFree] === true && isRecord(operation.requestBody)) operation.requestBody.required = false;
    delete operation[bodyIsFree];
  }
};

const addComponents = createJsonSchemaTransformObject({ zodToJsonConfig });

/** Takes out the schemas that nothing refers to: each comes twice, as input and as output. */
const dropUnused = (document: { components?: { schemas?: Record<string, unknown> } }): void => {
  const schemas = document.components?.schemas ?? {};
  const names = Object.keys(schemas);
  const text = JSON.stringify(document);
  const unused = names.filter((name) => !text.includes(`"#/components/schemas/${name}"`));
  for (const name of unused) delete schemas[name];
  if (unused.length > 0) dropUnused(document);
};

/** Gathers the description of the API from the schemas beside the routes; `app.swagger()` answers it. */
export const describeApi = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bellwire',
        version: '1',
        description: 'Delivers events to webhook endpoints, signed, retried, and accounted for.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'An API key of a tenant, or the admin key.' },
        },
      },
      security: [{ key: [] }],
    },
    transform,
    transformObject: (document) => {
      const complete = addComponents(document);
      if ('components' in complete) dropUnused(complete);
      freeBodies({ ...complete });
      return complete;
    },
  });
};
