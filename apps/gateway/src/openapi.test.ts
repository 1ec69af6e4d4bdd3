import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';
import { routeRows } from './testing/route-rows.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());
const probes = ['GET /healthz', 'GET /readyz', 'GET /openapi.json'];

interface Operation {
  operationId: string;
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { example?: unknown; schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

interface Description {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
}

const isDescription = (value: unknown): value is Description =>
  typeof value === 'object' && value !== null && 'openapi' in value && 'paths' in value;

const readDescription = async (): Promise<Description> => {
  const { body } = await gateway.call('GET', '/openapi.json');
  if (!isDescription(body)) throw new Error('not a description');
  return body;
};

const pointer = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** Validators of the schemas in the description, by where they stand. */
const validators = (description: Description) => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(description, 'openapi');
  return (...place: string[]) => {
    const validate = ajv.getSchema(`openapi#${pointer(...place)}`);
    if (validate === undefined) throw new Error(`no schema at ${place.join(' ')}`);
    return validate;
  };
};

describe('answers', () => {
  test('are what the description says', async () => {
    const description = await readDescription();
    const validatorAt = validators(description);
    for (const { method, path, json, status, route } of routeRows.filter((row) => row.status !== 204)) {
      const { body } = await gateway.call(method, path, json === undefined ? {} : { json });
      const place = ['paths', route, method.toLowerCase(), 'responses', String(status), 'content', 'application/json'];
      const validate = validatorAt(...place, 'schema');
      expect({ path, valid: validate(body), errors: validate.errors }).toEqual({ path, valid: true, errors: null });
    }
  });

  test('that are problems are what it says', async () => {
    const validate = validators(await readDescription())('components', 'schemas', 'Problem');
    const { body } = await gateway.call('GET', '/v1/endpoints?limit=0');
    expect({ valid: validate(body), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });
});

describe('the description', () => {
  test('lists every route and no other', async () => {
    const { openapi, paths } = await readDescription();
    expect(openapi).toBe('3.1.0');
    const listed = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const tried = new Set([...routeRows.map(({ method, route }) => `${method} ${route}`), ...probes]);
    expect(listed.toSorted()).toEqual([...tried].toSorted());
  });

  test('is consistent: unique operations, declared path parameters, sound schemas', async () => {
    const description = await readDescription();
    const validatorAt = validators(description);
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operations) {
      const declared = (operation.parameters ?? []).filter((each) => each.in === 'path').map(({ name }) => name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      for (const [status, { content = {} }] of Object.entries(operation.responses)) {
        for (const type of Object.keys(content)) {
          expect(validatorAt('paths', path, method, 'responses', status, 'content', type, 'schema')).toBeDefined();
        }
      }
      if (path.startsWith('/v1/')) expect(operation.responses).toHaveProperty('default');
    }
    expect(JSON.stringify(description)).not.toContain('x-body-is-free');
  });

  test('shows bodies that it allows, and that are taken', async () => {
    const description = await readDescription();
    const validatorAt = validators(description);
    const shown: string[] = [];
    for (const { method, path, route, status } of routeRows.filter(({ json }) => json !== undefined)) {
      const place = ['paths', route, method.toLowerCase(), 'requestBody', 'content', 'application/json', 'schema'];
      const example =
        description.paths[route]?.[method.toLowerCase()]?.requestBody?.content['application/json']?.example;
      if (example === undefined) continue;
      const validate = validatorAt(...place);
      expect({ route, valid: validate(example), errors: validate.errors }).toEqual({
        route,
        valid: true,
        errors: null,
      });
      expect(await gateway.call(method, path, { json: JSON.stringify(example) })).toMatchObject({ status });
      shown.push(`${method} ${route}`);
    }
    expect(shown).toEqual(
      expect.arrayContaining([
        'POST /v1/tenants',
        'POST /v1/tenants/{tenant}/api-keys',
        'POST /v1/event-types',
        'POST /v1/endpoints',
        'PATCH /v1/endpoints/{id}',
        'POST /v1/events',
      ]),
    );
  });

  test.each([
    ['time-out', { timeout_ms: 1000 }, { timeout_ms: 999 }],
    ['longest time-out', { timeout_ms: 60_000 }, { timeout_ms: 60_001 }],
    ['schedule', { retry: { schedule_seconds: [0.1, 604_800] } }, { retry: { schedule_seconds: [0] } }],
    ['longest wait', { retry: { schedule_seconds: [] } }, { retry: { schedule_seconds: [604_801] } }],
    [
      'rate',
      { rate_limit: { limit: 100_000, period_seconds: 86_400 } },
      { rate_limit: { limit: 1e5 + 1, period_seconds: 1 } },
    ],
    ['concurrency', { max_concurrency: 1000 }, { max_concurrency: 1001 }],
    [
      'quiet hour',
      { quiet_hours: { start: '23:59', end: '00:00' } },
      { quiet_hours: { start: '24:00', end: '00:00' } },
    ],
    ['description', { description: 'x'.repeat(1000) }, { description: 'x'.repeat(1001) }],
    ['subject', { subject: null }, { subject: '' }],
  ])('tells the bounds of a change: %s', async (_, right, wrong) => {
    const place = ['paths', '/v1/endpoints/{id}', 'patch', 'requestBody', 'content', 'application/json', 'schema'];
    const validate = validators(await readDescription())(...place);
    expect({ valid: validate(right), errors: validate.errors }).toEqual({ valid: true, errors: null });
    expect(validate(wrong)).toBe(false);
  });

  test('names what may be refused', async () => {
    const { paths } = await readDescription();
    const statuses = (path: string, method: string) => Object.keys(paths[path]?.[method]?.responses ?? {});
    expect(statuses('/v1/events', 'post')).toEqual(['202', '400', '401', '403', '409', '413', '429', 'default']);
    expect(statuses('/v1/endpoints/{id}', 'get')).toEqual(['200', '400', '401', '403', '404', '429', 'default']);
    expect(statuses('/v1/endpoints', 'get')).toEqual(['200', '400', '401', '403', '429', 'default']);
    expect(statuses('/healthz', 'get')).toEqual(['200']);
  });
});
