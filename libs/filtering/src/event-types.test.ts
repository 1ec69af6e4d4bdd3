import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { compileEventTypes, validateEventTypePattern } from './index.ts';

describe('compileEventTypes', () => {
  test('an exact name matches itself only', () => {
    const matches = compileEventTypes(['task.created', 'user.deleted']);
    expect(['task.created', 'user.deleted', 'task', 'task.created.x', 'TASK.CREATED'].map(matches)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('a group matches one or more further segments', () => {
    const matches = compileEventTypes(['task.*', 'a.b.*', 'ping']);
    for (const type of ['task.created', 'task.item.created', 'a.b.c', 'ping']) expect(matches(type)).toBe(true);
    for (const type of ['task', 'task.', 'tasks.created', 'a.b', 'a.c', 'ping.x']) expect(matches(type)).toBe(false);
  });

  test('a star and an empty list match all', () => {
    expect(compileEventTypes([])('x')).toBe(true);
    expect(compileEventTypes(['x', '*'])('y.z')).toBe(true);
  });

  test('of operational events only those that there are can be named', () => {
    for (const text of [
      'bellwire.*',
      'bellwire.endpoint.*',
      'bellwire.delivery.recovered',
      'bellwire',
      'bellwired.x',
    ]) {
      expect(validateEventTypePattern(text)).toBeUndefined();
    }
    const message = expect.stringMatching(/^must be one of bellwire\.endpoint\.failing, .*, or a group of them$/);
    for (const text of [
      'bellwire.nonsense',
      'bellwire.nonsense.*',
      'bellwire.endpoint',
      'bellwire.endpoint.failing.*',
    ]) {
      expect(validateEventTypePattern(text, 'event_types[0]')).toEqual({ path: 'event_types[0]', message });
    }
  });

  test('an operational event is wanted only by its name or a group of its own', () => {
    const type = 'bellwire.endpoint.disabled';
    for (const patterns of [[], ['*'], ['order.*', '*'], ['bellwire.endpoint.failing'], ['endpoint.*']]) {
      expect(compileEventTypes(patterns)(type)).toBe(false);
    }
    for (const pattern of [type, 'bellwire.endpoint.*', 'bellwire.*']) {
      expect(compileEventTypes([pattern])(type)).toBe(true);
      expect(compileEventTypes([pattern])('order.paid')).toBe(false);
      expect(compileEventTypes(['*', pattern])(type)).toBe(true);
      expect(compileEventTypes(['*', pattern])('order.paid')).toBe(true);
    }
  });

  test('each name is matched by itself and by the groups above it', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 2, maxLength: 5 }), (segments) => {
        const name = segments.join('.');
        for (let depth = 1; depth < segments.length; depth++) {
          const group = `${segments.slice(0, depth).join('.')}.*`;
          expect(validateEventTypePattern(group)).toBeUndefined();
          expect(compileEventTypes([group])(name)).toBe(true);
        }
        expect(compileEventTypes([name])(name)).toBe(true);
        expect(compileEventTypes([`${name}.*`])(name)).toBe(false);
      }),
    );
  });
});

describe('validateEventTypePattern', () => {
  test.each(['*', 'task.*', 'task.created', 'a', 'a-b_c.D9.*'])('accepts %s', (text) => {
    expect(validateEventTypePattern(text)).toBeUndefined();
  });

  test.each(['', '.', 'task.', '.task', 'a..b', '*.created', 'task.*.x', 'task*', 'a b', 'ä', 'x'.repeat(129), '**'])(
    'refuses "%s"',
    (text) => {
      expect(validateEventTypePattern(text, 'event_types[2]')?.path).toBe('event_types[2]');
    },
  );
});
