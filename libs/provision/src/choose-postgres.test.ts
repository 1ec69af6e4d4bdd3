import { describe, expect, test } from '@jest/globals';
import { choosePostgres } from './choose-postgres.ts';

describe('choosing a Postgres', () => {
  test('an address given in the environment wins', () => {
    const facts = { givenUrl: 'postgres://db/bellwire', embeddedProblem: undefined };
    expect(choosePostgres(facts)).toEqual({ kind: 'given', url: 'postgres://db/bellwire' });
  });

  test('the embedded binaries are used when no address is given', () => {
    expect(choosePostgres({ givenUrl: undefined, embeddedProblem: undefined })).toEqual({ kind: 'embedded' });
  });

  test('nothing there is one sentence with every reason', () => {
    expect(() => choosePostgres({ givenUrl: undefined, embeddedProblem: 'no package for sunos' })).toThrow(
      'There is no Postgres to use: BELLWIRE_DATABASE_URL is not set; no package for sunos.',
    );
  });
});
