import type { TestFilterRequest, TestFilterResponse } from '@bellwire/contracts';
import { actingFor, type Clock } from '@bellwire/domain';
import { invalidField } from '@bellwire/errors';
import { compileFilter, eventDocument } from '@bellwire/filtering';
import type { Call } from '@bellwire/rpc';

/** @throws Fault INVALID_FIELD naming the field that is no JSON */
export const parseJson = (path: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidField(path, `must be JSON (${error instanceof Error ? error.message : 'unreadable'})`);
  }
};

/** Says whether a filter accepts an event. @throws Fault INVALID_FILTER with the place that is wrong */
export const makeTestFilter =
  ({ clock }: { clock: Clock }) =>
  async (request: TestFilterRequest, call: Call): Promise<TestFilterResponse> => {
    actingFor(call.principal, 'endpoints:read', call.namedTenant);
    const filter = compileFilter(parseJson('filter', request.filter));
    parseJson('data', request.data);
    const nowMs = clock.now();
    const { eventType: type, subject, data } = request;
    const event = eventDocument({ id: 'evt_test', type, subject, data, occurredAtMs: nowMs, acceptedAtMs: nowMs });
    return { matches: filter.matches(event) };
  };
