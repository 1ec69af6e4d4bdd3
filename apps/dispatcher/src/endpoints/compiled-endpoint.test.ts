import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Endpoint, EndpointState, RetryOn, Tenant } from '@bellwire/contracts';
import { dialectNamed } from '@bellwire/dialects';
import { openKeyring } from '@bellwire/secrets';
import { makeCompileEndpoint } from './compiled-endpoint.ts';

const retryOf = (...scheduleSeconds: number[]) => ({ scheduleSeconds, retryOn: RetryOn.TRANSIENT });
const stateOf = (endpoint: Partial<Endpoint> = {}): EndpointState => ({
  ...EndpointState.create(),
  tenantId: 'ten_1',
  endpoint: { ...Endpoint.create(), id: 'ep_1', ...endpoint },
});

const setUp = (first: Partial<Tenant>) => {
  let tenant: Tenant = { ...Tenant.create(), id: 'ten_1', dialect: 'aifai', ...first };
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  const compile = makeCompileEndpoint({ tenant: () => tenant }, keyring);
  const change = (next: Partial<Tenant>): void => {
    tenant = { ...tenant, ...next };
  };
  return { compile, change };
};

describe('schedule and time-out of an endpoint', () => {
  const tenants = { retry: retryOf(7), timeoutMs: 7000 };

  test('are its own', () => {
    const own = setUp(tenants).compile(stateOf({ retry: retryOf(1, 2), timeoutMs: 1000 }));
    expect(own).toMatchObject({ policy: { scheduleSeconds: [1, 2], retryOn: 'transient' }, timeoutMs: 1000 });
  });

  test('or else those of its tenant, without jitter', () => {
    const { policy, timeoutMs } = setUp(tenants).compile(stateOf());
    expect(policy).toMatchObject({ scheduleSeconds: [7], retryOn: 'transient', jitter: 0 });
    expect(timeoutMs).toBe(7000);
  });

  test('or else those of its dialect', () => {
    const { policy, timeoutMs } = setUp({}).compile(stateOf());
    const dialect = dialectNamed('aifai');
    expect({ policy, timeoutMs }).toEqual({ policy: dialect?.retry, timeoutMs: dialect?.timeoutMs });
  });

  test('follow a change of the tenant, and only then is it made anew', () => {
    const { compile, change } = setUp(tenants);
    const state = stateOf();
    const made = compile(state);
    expect(compile(state)).toBe(made);
    change({ retry: retryOf(8), timeoutMs: 8000 });
    expect(compile(state)).toMatchObject({ policy: { scheduleSeconds: [8] }, timeoutMs: 8000 });
    change({ retry: undefined });
    expect(compile(state).policy).toEqual(dialectNamed('aifai')?.retry);
  });
});
