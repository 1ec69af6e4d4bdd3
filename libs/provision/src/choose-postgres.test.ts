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

describe('where the data may go with the container', () => {
  test('a container comes before the embedded binaries', () => {
    const facts = { givenUrl: undefined, container: { problem: undefined }, embeddedProblem: undefined };
    expect(choosePostgres(facts)).toEqual({ kind: 'container' });
  });

  test('the embedded binaries are used where no containers run', () => {
    const facts = { givenUrl: undefined, container: { problem: 'no engine' }, embeddedProblem: undefined };
    expect(choosePostgres(facts)).toEqual({ kind: 'embedded' });
  });

  test('all reasons are named, and the setting too', () => {
    const facts = {
      givenUrl: undefined,
      variable: 'BELLWIRE_TEST_DATABASE_URL',
      container: { problem: 'no engine' },
      embeddedProblem: 'no package for sunos',
    };
    expect(() => choosePostgres(facts)).toThrow(
      'There is no Postgres to use: BELLWIRE_TEST_DATABASE_URL is not set; no engine; no package for sunos.',
    );
  });
});
