import { z } from 'zod';
import { AuditServiceService as Audit } from '@bellwire/contracts';
import type { Route } from '../app.ts';
import { callerOf } from '../caller.ts';
import { page, pageOf } from '../resources/members.ts';
import { reconciliation, toReconciliation } from '../resources/missing.ts';

const reconcile: Route = (app, { audit }) =>
  app.route({
    method: 'GET',
    url: '/v1/reconcile',
    schema: {
      summary: 'Check for deliveries that nothing works on any more, newest first',
      description:
        'Makes a check, unless one was made just now: which deliveries are past their time without an end, and which events ' +
        'were never fanned out, with no record of them left on the log. Where it takes more than five seconds the answer is ' +
        'of the check before. An admin key asks for all tenants, or for one with `tenant`. Each of the deliveries can be ' +
        'sent by `POST /v1/deliveries/{id}/redeliver`, or ended by `/cancel`.',
      operationId: 'reconcile',
      tags: ['Deliveries'],
      querystring: z.strictObject({
        tenant: z
          .string()
          .regex(/^[\x21-\x7e]{1,255}$/)
          .optional()
          .describe('Id of the tenant, in place of the header x-bellwire-tenant.'),
        ...page,
      }),
      response: { 200: reconciliation },
    },
    handler: async (request) => {
      const caller = callerOf(request);
      const { tenant = caller.tenant, ...asked } = request.query;
      return toReconciliation(await audit.unary(Audit.reconcile, pageOf(asked), { ...caller, tenant }));
    },
  });

/** What was accepted and is lost. */
export const reconcileRoutes: readonly Route[] = [reconcile];
