import { DispatcherServiceService as Dispatcher, fromProto, type Attempt } from '@bellwire/contracts';
import { noBody, noQuery } from '../../resources/members.ts';
import type { DialectRoute } from '../dialect-route.ts';
import { needConfiguration } from './configuration.ts';
import { failureOf } from './failure-of.ts';

/** What a test says it is: none of the catalogue, so that no receiver takes it for something that happened. */
export const testEvent = 'webhook.test';
const testData = '{"test":true,"message":"This is a test webhook"}';

/** A receiver is given 10 s, and an endpoint that was changed over /v1 up to 60. */
const testTimeoutMs = 65_000;

/** As Node.js says it, with the host as the user has written it: to which address that leads is not told. */
const detailsOf = (attempt: Attempt, url: string): string => {
  const failure = failureOf(attempt);
  const [, code] = /\((ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)\)$/.exec(failure) ?? [];
  if (code === undefined) return failure;
  const { hostname, port, protocol } = new URL(url);
  return `connect ${code} ${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`;
};

/** Sends a test at once, enabled or not, and answers with what came of it. */
export const testConfig: DialectRoute = (app, services) => {
  app.route({
    method: 'POST',
    url: '/api/webhooks/test',
    schema: { querystring: noQuery, body: noBody },
    handler: async ({ who }) => {
      const { id, url } = await needConfiguration(services, who);
      const wanted = { endpointId: id, eventType: testEvent, data: testData };
      const options = { ...who, timeoutMs: testTimeoutMs };
      const { attempt } = await services.dispatcher.unary(Dispatcher.sendTest, wanted, options);
      if (attempt === undefined) throw new Error('dispatcher left out the attempt');
      const { deliveryId, responseStatus: statusCode = null } = attempt;
      if (fromProto.outcome(attempt.outcome) === 'delivered') {
        return { success: true, message: 'Test webhook sent successfully', statusCode, deliveryId };
      }
      const details = detailsOf(attempt, url);
      return { success: false, error: 'Failed to deliver test webhook', details, statusCode, deliveryId };
    },
  });
};
