import {
  toProto,
  type Attempt,
  type EndpointState,
  type SendTestRequest,
  type SendTestResponse,
} from '@bellwire/contracts';
import { actingFor, deliveryIdOf, isEventTypeName, newId, type Clock } from '@bellwire/domain';
import { Fault, invalidField } from '@bellwire/errors';
import { traceHeaders } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Call } from '@bellwire/rpc';
import type { CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { Append, Send } from '../ports.ts';
import { attemptRecord, resultOf } from '../writing/records.ts';
import { signedRequest } from '../attempts/signed-request.ts';
import type { BodyFor } from './body-for.ts';
import { parseJson } from './test-filter.ts';

export interface SendTestDeps {
  view: Pick<RegistryView, 'endpoint' | 'catchUp'>;
  compileEndpoint: CompileEndpoint;
  bodyFor: BodyFor;
  send: Send;
  append: Append;
  clock: Clock;
}

/**
 * Sends one test event to an endpoint from this process, outside limits and whether it is enabled or not; answers with
 * the outcome and the body, and records it as a test. One attempt, never retried.
 *
 * @throws Fault NOT_FOUND for an endpoint of another tenant or subject, TEMPLATE_FAILED
 */
export const makeSendTest = ({ view, compileEndpoint, bodyFor, send, append, clock }: SendTestDeps) => {
  const endpointFor = async (request: SendTestRequest, call: Call): Promise<EndpointState> => {
    const { tenantId, subject } = actingFor(call.principal, 'endpoints:write', call.namedTenant);
    await view.catchUp();
    const state = view.endpoint(request.endpointId);
    const isTheirs = state?.tenantId === tenantId && (subject === undefined || state.endpoint?.subject === subject);
    if (state === undefined || !isTheirs) throw new Fault('NOT_FOUND', `There is no endpoint ${request.endpointId}.`);
    return state;
  };

  return async (request: SendTestRequest, call: Call): Promise<SendTestResponse> => {
    const endpoint = compileEndpoint(await endpointFor(request, call));
    const type = request.eventType === '' ? 'bellwire.test' : request.eventType;
    if (!isEventTypeName(type)) throw invalidField('event_type', 'must be a dotted name such as invoice.paid');
    const data = request.data === '' ? '{"test":true}' : JSON.stringify(parseJson('data', request.data));
    const nowMs = clock.now();
    const eventId = newId('evt', nowMs);
    const deliveryId = deliveryIdOf(eventId, endpoint.id, nowMs);
    const times = { occurredAtMs: nowMs, acceptedAtMs: nowMs };
    const event = { id: eventId, type, subject: endpoint.subject, data, actionUrls: {}, deliveryId, ...times };
    const body = await bodyFor(endpoint, event);
    const result = await send(
      signedRequest(
        endpoint,
        { eventId, deliveryId, eventType: type, subject: event.subject, occurredAtMs: nowMs, attempt: 1, body },
        nowMs,
      ),
    );
    const wasDelivered = result.outcome === 'delivered';
    const attempt: Attempt = {
      tenantId: endpoint.tenantId,
      deliveryId,
      endpointId: endpoint.id,
      eventId,
      eventType: type,
      subject: endpoint.subject,
      acceptedAtMs: nowMs,
      attemptId: newId('atm', nowMs),
      number: 1,
      round: 1,
      startedAtMs: nowMs,
      ...resultOf(result),
      traceId: '',
      status: wasDelivered ? toProto.status.delivered : toProto.status.dead_lettered,
      reason: wasDelivered ? '' : 'test',
      nextAttemptAtMs: undefined,
      test: true,
    };
    await append([attemptRecord(attempt, traceHeaders())]);
    return { attempt, body: body.toString() };
  };
};
