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

const refusal = { description: 'Why it failed.', content: { 'application/problem+json': { schema: problem } } };

const toJsonSchemas = createJsonSchemaTransform({ zodToJsonConfig });

/** Marks an operation until `freeBodies` has seen it: @fastify/swagger calls every body required. */
const bodyIsFree = 'x-body-is-free';

/** The schemas of a route, with what every /v1 route has: the tenant header and the form of errors. */
const transform: SwaggerTransform = (document) => {
  const { schema, url } = document;
  if (!url.startsWith('/v1/')) return toJsonSchemas(document);
  const answers = typeof schema.response === 'object' ? schema.response : {};
  const body = schema.body === noBody ? undefined : schema.body;
  const complete = {
    ...schema,
    headers,
    body,
    response: { ...answers, default: refusal },
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
