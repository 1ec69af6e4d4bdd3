import { z } from 'zod';

/** REST as a user calls it; answers are read through a schema, so that a test says what it expects of their shape. */
export interface Api {
  get<Shape>(path: string, schema: z.ZodType<Shape>): Promise<Shape>;
  post<Shape>(path: string, body: unknown, schema: z.ZodType<Shape>): Promise<Shape>;
  /** Whatever the status is. */
  raw(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; headers: Headers; text: string; json: unknown }>;
}

export const created = z.object({ id: z.string() });
export const createdEndpoint = z.object({ id: z.string(), secret: z.string() });
export const createdKey = z.object({ id: z.string(), key: z.string() });
export const nothing = z.unknown();

export const attempt = z.object({
  id: z.string(),
  number: z.number(),
  started_at: z.string(),
  duration_ms: z.number(),
  outcome: z.string(),
  response_status: z.number().nullable(),
});

export const delivery = z.object({
  id: z.string(),
  event_id: z.string(),
  endpoint_id: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  round: z.number(),
  attempt_count: z.number(),
  attempts: z.array(attempt),
});

export const event = z.object({
  id: z.string(),
  type: z.string(),
  deliveries: z.array(z.object({ id: z.string(), endpoint_id: z.string(), status: z.string() })),
});

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** @param tenant for the admin key, which names it */
export const apiOf = (rest: string, key: string, tenant?: string): Api => {
  const raw: Api['raw'] = async (method, path, body) => {
    const headers: Record<string, string> = { authorization: `Bearer ${key}` };
    if (tenant !== undefined) headers['x-bellwire-tenant'] = tenant;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${rest}${path}`, { method, headers, body: text });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, text: answer, json: parsed(answer) };
  };
  const ok = async <Shape>(method: string, path: string, body: unknown, schema: z.ZodType<Shape>): Promise<Shape> => {
    const { status, text, json } = await raw(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return schema.parse(json);
  };
  return {
    raw,
    get: (path, schema) => ok('GET', path, undefined, schema),
    post: (path, body, schema) => ok('POST', path, body, schema),
  };
};

/** Asks until `find` answers something. */
export const until = async <T>(what: string, find: () => Promise<T | undefined>, timeoutMs = 30_000): Promise<T> => {
  const endsAt = Date.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > endsAt) throw new Error(`gave up waiting for ${what} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** A new tenant with a key of its own. */
export const newTenant = async (
  rest: string,
  adminKey: string,
  name = 'acme',
): Promise<{ id: string; key: string; api: Api }> => {
  const admin = apiOf(rest, adminKey);
  const { id } = await admin.post('/v1/tenants', { name }, created);
  const { key } = await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test' }, createdKey);
  return { id, key, api: apiOf(rest, key) };
};
