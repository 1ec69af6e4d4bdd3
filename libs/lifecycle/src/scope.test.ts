import { describe, expect, test } from '@jest/globals';
import { openLogger, openScope } from './index.ts';

const log = openLogger({ level: 'silent' });

describe('a scope', () => {
  test('closes in reverse order, once, and goes on when one fails or hangs', async () => {
    const closed: string[] = [];
    const scope = openScope({ log, closeTimeoutMs: 20 });
    const resource = (name: string, close: () => Promise<void> | void) =>
      scope.own(name, { close: () => (closed.push(name), close()) });
    resource('first', () => undefined);
    resource('broken', () => Promise.reject(new Error('no')));
    resource('hanging', () => new Promise(() => undefined));
    resource('last', () => undefined);
    await Promise.all([scope.close(), scope.close()]);
    expect(closed).toEqual(['last', 'hanging', 'broken', 'first']);
  });
});
