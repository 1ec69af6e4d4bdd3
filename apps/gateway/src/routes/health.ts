import { z } from 'zod';
import type { App } from '../app.ts';
import { JsonText } from '../json-text.ts';

/** Whether the gateway may be given calls; `reasons` are sentences for operators. */
export type Readiness = { ready: boolean; reasons: string[] };

const readiness = z.object({ ready: z.boolean(), reasons: z.array(z.string()) });

/** Probes, and the description of the API: without a key. */
export const healthRoutes = (app: App, isReady: () => Promise<Readiness>): void => {
  app.route({
    method: 'GET',
    url: '/healthz',
    config: { limit: 'none' },
    schema: {
      summary: 'Whether the process runs',
      operationId: 'healthz',
      tags: ['Operation'],
      security: [],
      response: { 200: z.object({ status: z.literal('ok') }) },
    },
    handler: async () => ({ status: 'ok' as const }),
  });

  app.route({
    method: 'GET',
    url: '/readyz',
    config: { limit: 'none' },
    schema: {
      summary: 'Whether calls can be answered',
      operationId: 'readyz',
      tags: ['Operation'],
      security: [],
      response: { 200: readiness, 503: readiness.describe('Not now; the reasons say why.') },
    },
    handler: async (_request, reply) => {
      const { ready, reasons } = await isReady().catch(() => ({
        ready: false,
        reasons: ['Readiness cannot be told.'],
      }));
      return reply.code(ready ? 200 : 503).send({ ready, reasons });
    },
  });

  let description: JsonText | undefined;
  app.route({
    method: 'GET',
    url: '/openapi.json',
    schema: {
      summary: 'This description',
      operationId: 'openapi',
      tags: ['Operation'],
      security: [],
      response: { 200: z.unknown().describe('OpenAPI 3.1.') },
    },
    handler: async (_request, reply) => {
      description ??= new JsonText(JSON.stringify(app.swagger()));
      return reply.send(description);
    },
  });
};
