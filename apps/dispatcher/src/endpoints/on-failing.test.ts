import { describe, expect, test } from '@jest/globals';
import { EndpointState } from '@bellwire/contracts';
import type { NewRecord } from '@bellwire/messaging';
import { makeOnFailing } from './on-failing.ts';
import { makeSwitchOff } from './switch-off.ts';

const streak = { sinceMs: 1000, warnedAtMs: 0, failures: 9 };
const endpoint = (enabled = true): EndpointState =>
  EndpointState.fromPartial({ tenantId: 'ten_1', endpoint: { id: 'ep_1', enabled } });
const record = (key: string): NewRecord => ({ topic: 'events', key, value: Buffer.alloc(0) });
const settled = () => new Promise(setImmediate);

const setUp = (answer: () => Promise<boolean> = async () => true) => {
  const asked: string[] = [];
  const told: (string | undefined)[] = [];
  const failures: unknown[] = [];
  const append = async (records: readonly NewRecord[]) => {
    told.push(...records.map(({ key }) => key));
  };
  const onFailure = (error: unknown) => failures.push(error);
  const events = {
    endpointFailing: () => [record('failing')],
    endpointDisabled: (_state: EndpointState, reason: string, since?: typeof streak) => [
      record(`disabled ${reason} ${since?.failures}`),
    ],
  };
  const disableEndpoint = (state: EndpointState, reason: string) => {
    asked.push(`${state.endpoint?.id} ${reason}`);
    return answer();
  };
  const switchOff = makeSwitchOff({ disableEndpoint, events, append, onFailure });
  return { asked, told, failures, switchOff, onFailing: makeOnFailing({ events, append, switchOff, onFailure }) };
};

describe('an endpoint that goes on failing', () => {
  test('is warned of, and stays enabled', async () => {
    const { onFailing, asked, told } = setUp();
    onFailing(endpoint(), streak, 'warn');
    await settled();
    expect([asked, told]).toEqual([[], ['failing']]);
  });

  test('is disabled in the end, and its tenant is told once it is', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { onFailing, asked, told } = setUp(() => promise);
    onFailing(endpoint(), streak, 'disable');
    await settled();
    expect([asked, told]).toEqual([['ep_1 failing'], []]);
    resolve(true);
    await settled();
    expect(told).toEqual(['disabled failing 9']);
  });
});

describe('switching an endpoint off', () => {
  test('asks once for what comes at the same time, and again for what comes later', async () => {
    const { switchOff, asked, told } = setUp(async () => false);
    switchOff(endpoint(), 'gone');
    switchOff(endpoint(), 'gone');
    await settled();
    expect([asked, told]).toEqual([['ep_1 gone'], []]);
    switchOff(endpoint(), 'gone');
    expect(asked).toHaveLength(2);
  });

  test('does nothing to one that is off already', () => {
    const { switchOff, asked } = setUp();
    switchOff(endpoint(false), 'gone');
    expect(asked).toEqual([]);
  });

  test('reports a log that cannot be told', async () => {
    const error = new Error('stopping');
    const { switchOff, failures } = setUp(() => Promise.reject(error));
    switchOff(endpoint(), 'gone');
    await settled();
    expect(failures).toEqual([error]);
  });
});
