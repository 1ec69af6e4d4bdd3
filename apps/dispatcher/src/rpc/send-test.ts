import {
  toProto,
  type Attempt,
  type EndpointState,
  type SendTestRequest,
  type SendTestResponse,
} from '@bellwire/contracts';
import { checkRepresentable, type Dialect } from '@bellwire/dialects';
import {
  actingFor,
  deliveryIdOf,
  isEventTypeName,
  isOperational,
  JsonRuleBroken,
  minifyJson,
  newId,
  operationalPrefix,
  type Clock,
  type MinifiedJson,
} from '@bellwire/domain';
import { invalidField, noSuch } from '@bellwire/errors';
import { traceHeaders } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { Call } from '@bellwire/rpc';
import type { CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { Append, Send } from '../ports.ts';
import { attemptRecord, resultOf } from '../writing/records.ts';
import { signedRequest } from '../attempts/signed-request.ts';
import type { BodyFor } from './body-for.ts';

export interface SendTestDeps {
  view: Pick<RegistryView, 'endpoint' | 'catchUp'>;
  compileEndpoint: CompileEndpoint;
  bodyFor: BodyFor;
  send: Send;
  append: Append;
  clock: Clock;
}

/** The type of a test that names none, and the only one of Bellwire's own that a test may have. */
const testType = 'bellwire.test';

/** @throws Fault INVALID_FIELD, also for what would be taken for an operational event */
const typeOf = (given: string): string => {
  const type = given === '' ? testType : given;
  if (!isEventTypeName(type)) throw invalidField('event_type', 'must be a dotted name such as invoice.paid');
  if (!isOperational(type) || type === testType) return type;
  throw invalidField('event_type', `must not begin with ${operationalPrefix}, except ${testType}`);
};

const minified = (text: string): MinifiedJson => {
  try {
    return minifyJson(text);
  } catch (error) {
    if (error instanceof JsonRuleBroken) throw invalidField('data', error.message);
    throw error;
  }
};

/** Its text as given, by the rules of data that is published. @throws Fault INVALID_FIELD, PAYLOAD_NOT_REPRESENTABLE */
const dataOf = (dialect: Dialect, text: string): string => {
  const data = minified(text === '' ? '{"test":true}' : text);
  checkRepresentable(dialect, data);
  return data.text;
};

/**
 * Sends one test event to an endpoint from this process, outside limits and whether it is enabled or not; answers with
 * the outcome and the body, and records it as a test. One attempt, never retried.
 *
 * @throws Fault NOT_FOUND for an endpoint of another tenant or subject, INVALID_FIELD for the
 * type and the data, PAYLOAD_NOT_REPRESENTABLE, TEMPLATE_FAILED
 */
export const makeSendTest = ({ view, compileEndpoint, bodyFor, send, append, clock }: SendTestDeps) => {
  const endpointFor = async (request: SendTestRequest, call: Call): Promise<EndpointState> => {
    const { tenantId, subject } = actingFor(call.principal, 'endpoints:write', call.namedTenant);
    await view.catchUp();
    const state = view.endpoint(request.endpointId);
    const isTheirs = state?.tenantId === tenantId && (subject === undefined || state.endpoint?.subject === subject);
    if (state === undefined || !isTheirs) throw noSuch('endpoint');
    return state;
  };

  return async (request: SendTestRequest, call: Call): Promise<SendTestResponse> => {
    const endpoint = compileEndpoint(await endpointFor(request, call));
    const type = typeOf(request.eventType);
    const data = dataOf(endpoint.dialect, request.data);
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
      endpointSubject: endpoint.subject,
    };
    await append([attemptRecord(attempt, traceHeaders())]);
    return { attempt, body: body.toString() };
  };
};
