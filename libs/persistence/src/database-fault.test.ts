import { describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { toDatabaseFault } from './database-fault.ts';

const coded = (code: string) => Object.assign(new Error('no'), { code });

describe('an error of the database', () => {
  test.each(['ECONNREFUSED', '57P01', '57P03', '53300', '08006'])('%s means that it is away', (code) => {
    expect(toDatabaseFault(coded(code)).reason).toBe('DATABASE_UNAVAILABLE');
  });

  test('what pg says without a code means that it is away, also as a cause', () => {
    const inner = new Error('Connection terminated unexpectedly');
    expect(toDatabaseFault(new Error('outer', { cause: inner })).reason).toBe('DATABASE_UNAVAILABLE');
  });

  test.each(['23505', '42P01', '57014'])('%s is a bug until somebody expects it', (code) => {
    expect(toDatabaseFault(coded(code)).reason).toBe('INTERNAL');
  });

  test('a Fault stays itself', () => {
    const fault = new Fault('NOT_FOUND', 'There is no such endpoint.');
    expect(toDatabaseFault(fault)).toBe(fault);
  });
});
