import { describe, expect, test } from '@jest/globals';
import { Fault, isReason, kinds, reasons } from '@bellwire/errors';
import { faultOfHttp, problemOf, problemResponse } from './problem.ts';

const allReasons = Object.keys(reasons).filter(isReason);

describe('problemOf', () => {
  test.each(allReasons)('%s has the status of its kind and an anchor in the docs', (reason) => {
    const fields = [{ path: 'event_types[2]', message: 'is wrong' }];
    const [kind, title] = reasons[reason];
    expect(problemOf(new Fault(reason, 'A sentence.', { fields, cause: new Error('ours') }), 'req_1')).toEqual({
      type: `/docs/errors#${reason}`,
      title,
      status: kinds[kind].http,
      detail: 'A sentence.',
      reason,
      fields,
      instance: 'req_1',
    });
  });
});

describe('faultOfHttp', () => {
  const limit = () => 1024;
  const refusal = (code: string, statusCode = 400) => Object.assign(new Error('raw'), { code, statusCode });

  test.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 'PAYLOAD_TOO_LARGE'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 'MALFORMED_REQUEST'],
    ['FST_ERR_BAD_URL', 'MALFORMED_REQUEST'],
    ['FST_ERR_ANYTHING_ELSE', 'MALFORMED_REQUEST'],
    ['ECONNRESET', 'CALLER_LEFT'],
  ])('%s becomes %s, in our words', (code, reason) => {
    const fault = faultOfHttp(refusal(code), limit);
    expect(fault.reason).toBe(reason);
    expect(fault.detail).not.toContain('raw');
  });

  test('names the limit that a body is over', () => {
    expect(faultOfHttp(refusal('FST_ERR_CTP_BODY_TOO_LARGE'), limit).detail).toContain('1024 bytes');
  });

  test('leaves a Fault as it is', () => {
    const fault = new Fault('NOT_FOUND', 'There is no such endpoint.');
    expect(faultOfHttp(fault, limit)).toBe(fault);
  });

  test.each([new TypeError('secret detail'), 'text', undefined, refusal('FST_ERR_X', 500)])(
    'withholds what a bug says (%#)',
    (error) => {
      const fault = faultOfHttp(error, limit);
      expect(fault.reason).toBe('INTERNAL');
      expect(JSON.stringify(problemOf(fault, 'req_1'))).not.toMatch(/secret|raw/);
    },
  );
});

test('a problem for bytes that are not HTTP is a whole response', () => {
  const response = problemResponse(new Fault('MALFORMED_REQUEST', 'Not HTTP.'), 'req_1');
  expect(response).toMatch(/^HTTP\/1\.1 400 /);
  const [head = '', body = ''] = response.split('\r\n\r\n');
  expect(head).toContain('content-type: application/problem+json');
  expect(head).toContain(`content-length: ${body.length}`);
  expect(JSON.parse(body)).toMatchObject({ reason: 'MALFORMED_REQUEST', instance: 'req_1' });
});
