import { describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { withRetries } from './backoff.ts';
import { BellwireError } from './bellwire-error.ts';

const failing = (...codes: number[]) => {
  const errors = codes.map((code) => new BellwireError(code, `code ${code}`, { reason: 'SOME' }));
  return async (): Promise<never> => {
    throw errors.shift() ?? new Error('asked once too often');
  };
};
const keyed = { isKeyed: true, timeoutMs: 5000 };

describe('an attempt that the time cuts short', () => {
  test('fails with what the attempt before it said', async () => {
    const attempt = failing(status.UNAVAILABLE, status.DEADLINE_EXCEEDED);
    await expect(withRetries(attempt, keyed)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test('fails with the deadline where it was the first', async () => {
    await expect(withRetries(failing(status.DEADLINE_EXCEEDED), keyed)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
  });
});
