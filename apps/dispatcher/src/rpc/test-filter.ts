import type { TestFilterRequest, TestFilterResponse } from '@bellwire/contracts';
import { actingFor, type Clock } from '@bellwire/domain';
import { invalidField } from '@bellwire/errors';
import { compileFilter } from '@bellwire/filtering';
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
    const { matches } = filter.evaluate({
      id: 'evt_test',
      type: request.eventType,
      subject: request.subject,
      occurred_at: new Date(clock.now()).toISOString(),
      data: parseJson('data', request.data),
    });
    return { matches };
  };
