import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';
import { routeRows } from './testing/route-rows.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
});

describe('every route', () => {
  test.each(routeRows)('$method $path calls $rpc and answers $status', async (row) => {
    const { method, path, json, status, after = [], rpc, request, answer } = row;
    const got = await gateway.call(method, path, json === undefined ? {} : { json });
    expect(got).toMatchObject({ status });
    const calls = [...after, rpc].map((each) => ({ method: each, bearer: 'key-1', tenant: undefined }));
    expect(gateway.calls).toMatchObject(calls);
    expect(gateway.calls.at(-1)?.request).toMatchObject(Object(request));
    if (answer !== undefined) expect(got.body).toMatchObject(Object(answer));
    if (status === 204) expect(got.text).toBe('');
  });
});

test('a trailing slash makes no difference', async () => {
  expect(await gateway.call('GET', '/v1/endpoints/')).toMatchObject({ status: 200 });
  expect(gateway.calls).toMatchObject([{ method: 'ListEndpoints' }]);
});
