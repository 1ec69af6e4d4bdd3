import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await openGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.calls.length = 0;
});

const post = (path: string, json: string) => gateway.call('POST', path, { json });

describe('a body', () => {
  test('is refused for every text that could not be passed on as it is', async () => {
    const event = String.raw`{"type":"a","data":"ok","idempotency_key":"\ud800","subject":"a\udc00b",
      "action_urls":{"view":"\ud83d","\ud800":"u","__proto__":"u"},"colour":["\ud800"]}`;
    expect(await post('/v1/events', event)).toMatchObject({
      status: 400,
      body: {
        reason: 'INVALID_FIELD',
        fields: [
          { path: 'colour', message: 'is not known here' },
          { path: 'idempotency_key', message: expect.stringContaining('must be valid Unicode') },
          { path: 'subject' },
          { path: 'action_urls.__proto__', message: 'is not a name that can be used' },
          { path: 'action_urls', message: expect.stringContaining('a name must be valid Unicode') },
          { path: 'action_urls.view' },
          { path: 'colour[0]' },
        ],
      },
    });
    const endpoint = String.raw`{"url":"https://example.org","event_types":["a","\ud800"],"headers":{"__proto__":"x"}}`;
    expect(await post('/v1/endpoints', endpoint)).toMatchObject({
      body: { reason: 'INVALID_FIELD', fields: [{ path: 'headers.__proto__' }, { path: 'event_types[1]' }] },
    });
  });

  test('may hold pairs of surrogates, and in its verbatim members what JSON may', async () => {
    const event = String.raw`{"type":"a","subject":"\ud83d\ude00","data":{"__proto__":"\ud800"}}`;
    expect(await post('/v1/events', event)).toMatchObject({ status: 202 });
    expect(gateway.calls).toMatchObject([{ request: { subject: '😀', data: String.raw`{"__proto__":"\ud800"}` } }]);
  });

  test('passes the data of a test on as that of an event', async () => {
    const data = '{"__proto__":{"a":1,"a":2}}';
    expect(await post('/v1/endpoints/ep_1/test', `{"data":${data}}`)).toMatchObject({ status: 200 });
    expect(gateway.calls).toMatchObject([{ method: 'SendTest', request: { data } }]);
  });

  test('is refused for every member of the body that is given twice', async () => {
    const json = String.raw`{"type":"a","data":1,"type":"b","d\u0061ta":2}`;
    expect(await post('/v1/events', json)).toMatchObject({
      status: 400,
      body: {
        reason: 'INVALID_FIELD',
        fields: [
          { path: 'type', message: 'is given twice' },
          { path: 'data', message: 'is given twice' },
        ],
      },
    });
  });

  test('that is refused reaches no service', async () => {
    await post('/v1/events', String.raw`{"type":"a","data":1,"idempotency_key":"\ud800"}`);
    await post('/v1/events', '{"type":"a","data":1,"data":1}');
    expect(gateway.calls).toEqual([]);
  });
});
