import { describe, expect, test } from '@jest/globals';
import { actingFor, requireAdmin, type Principal } from './principal.ts';

const key = (...scopes: string[]): Principal => ({
  kind: 'tenant',
  keyId: 'key_1',
  tenantId: 'ten_a',
  scopes: new Set(scopes),
  subject: 'user_1',
});

describe('the tenant of a call', () => {
  test('is the one of the key', () => {
    expect(actingFor(key('events:read'), 'events:read', undefined)).toEqual({ tenantId: 'ten_a', subject: 'user_1' });
  });

  test('is named by an admin', () => {
    expect(actingFor({ kind: 'admin' }, 'events:read', 'ten_b').tenantId).toBe('ten_b');
    expect(() => actingFor({ kind: 'admin' }, 'events:read', undefined)).toThrow(/UNKNOWN_TENANT/);
  });

  test('cannot be another one', () => {
    expect(() => actingFor(key('events:read'), 'events:read', 'ten_b')).toThrow(/NOT_FOUND/);
  });

  test('can be another one for publishing, with publish:any only', () => {
    expect(actingFor(key('publish:any'), 'events:publish', 'ten_b')).toEqual({ tenantId: 'ten_b', subject: undefined });
    expect(() => actingFor(key('publish:any'), 'events:read', 'ten_b')).toThrow(/NOT_FOUND/);
    expect(() => actingFor(key('events:publish'), 'events:publish', 'ten_b')).toThrow(/NOT_FOUND/);
  });

  test('needs the scope', () => {
    expect(() => actingFor(key('events:read'), 'events:publish', undefined)).toThrow(/MISSING_SCOPE/);
  });
});

test('only an admin is an admin', () => {
  expect(() => requireAdmin(key('events:read'))).toThrow(/ADMIN_ONLY/);
  expect(() => requireAdmin({ kind: 'admin' })).not.toThrow();
});
