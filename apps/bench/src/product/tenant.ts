import { z } from 'zod';
import type { Product } from './launch.ts';

export type EndpointSettings = Readonly<Record<string, unknown>>;

/** A tenant of a run, with a key of its own. */
export interface Tenant {
  readonly key: string;
  /** @param settings as REST takes them */
  createEndpoint(url: string, settings?: EndpointSettings): Promise<{ id: string; secret: string }>;
  deleteEndpoint(id: string): Promise<void>;
}

const created = z.object({ id: z.string() });
const createdKey = z.object({ key: z.string() });
const createdEndpoint = z.object({ id: z.string(), secret: z.string() });

interface Call {
  method: string;
  path: string;
  key: string;
  body?: unknown;
}

const callRest = async (rest: string, { method, path, key, body }: Call): Promise<unknown> => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  const response = await fetch(`${rest}${path}`, {
    method,
    headers: text === undefined ? { authorization: headers.authorization } : headers,
    body: text,
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer}`);
  return answer === '' ? undefined : JSON.parse(answer);
};

export const newTenant = async ({ rest, adminKey }: Product, name: string): Promise<Tenant> => {
  const post = async <Shape>(path: string, key: string, body: unknown, schema: z.ZodType<Shape>): Promise<Shape> =>
    schema.parse(await callRest(rest, { method: 'POST', path, key, body }));
  const { id } = await post('/v1/tenants', adminKey, { name }, created);
  const { key } = await post(`/v1/tenants/${id}/api-keys`, adminKey, { name: 'bench' }, createdKey);
  return {
    key,
    createEndpoint: (url, settings) => post('/v1/endpoints', key, { url, ...settings }, createdEndpoint),
    deleteEndpoint: async (endpointId) => {
      await callRest(rest, { method: 'DELETE', path: `/v1/endpoints/${endpointId}`, key });
    },
  };
};
