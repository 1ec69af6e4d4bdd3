import { describe, expect, test } from '@jest/globals';
import { compileFilter, eventDocument, filterLimits } from '@bellwire/filtering';
import { maxFilterBytes } from './filter-shorthands.ts';
import { aifai, contribux, filterFrom, standard } from './index.ts';

const atMost = 'must be a list of at most 50 texts of 1 to 100 characters';

const exampleOf = (type: string): string => contribux.catalogue.find(({ name }) => name === type)?.example ?? '';
const matched = exampleOf('opportunity.matched');

/** Whether an event passes the filters of a contribux user. */
const passes = (filters: Record<string, unknown>, data: string, type = 'opportunity.matched'): boolean =>
  compileFilter(filterFrom(contribux, filters)).matches(
    eventDocument({ id: 'evt_1', type, data, occurredAtMs: 0, acceptedAtMs: 0 }),
  );

const documented = {
  min_match_score: 0.8,
  difficulty_levels: ['intermediate', 'advanced'],
  languages: ['JavaScript', 'Python'],
};

describe('the filters of contribux', () => {
  test('let the documented opportunity through', () => {
    expect(passes(documented, matched)).toBe(true);
    expect(passes({ min_match_score: 0.89 }, matched)).toBe(true);
  });

  test.each([
    ['a score below', matched.replace('"overall_score":0.89', '"overall_score":0.5')],
    ['another difficulty', matched.replace('"difficulty":"intermediate"', '"difficulty":"beginner"')],
    ['another language', matched.replace('"language":"JavaScript"', '"language":"Go"')],
  ])('keep %s out', (_, data) => {
    expect(data).not.toBe(matched);
    expect(passes(documented, data)).toBe(false);
  });

  test('do not apply to events without the field', () => {
    const others = contribux.catalogue.filter(({ name }) => name !== 'opportunity.matched');
    expect(others).toHaveLength(7);
    for (const { name, example } of others) expect(passes(documented, example, name)).toBe(true);
  });

  test('do not apply where the field is null, which documents write for what is not there', () => {
    expect(passes(documented, matched.replace('"difficulty":"intermediate"', '"difficulty":null'))).toBe(true);
    const filter = compileFilter(filterFrom(aifai, { notification_types: ['mention'], priorities: ['high'] }));
    const sent = (data: string): boolean =>
      filter.matches(eventDocument({ id: 'evt_1', type: 'notification', data, occurredAtMs: 0, acceptedAtMs: 0 }));
    expect(sent('{"notification_type":"mention","priority":null}')).toBe(true);
    expect(sent('{"notification_type":null}')).toBe(true);
    expect(sent('{"notification_type":null,"priority":"low"}')).toBe(false);
  });

  test('ask for nothing where they are empty', () => {
    expect(filterFrom(contribux, {})).toBeUndefined();
    expect(filterFrom(contribux, { min_match_score: null, languages: [] })).toBeUndefined();
  });

  test.each(['a\0', '\ud800'])('are refused where they hold %j, which nothing can keep', (text) => {
    expect(() => filterFrom(contribux, { languages: [text] })).toThrow(
      expect.objectContaining({ fields: [{ path: 'filters.languages', message: expect.stringMatching(/NUL/) }] }),
    );
  });

  test.each([
    ['too many texts', Array.from({ length: 51 }, (_, index) => `l${index}`)],
    ['a text that is too long', ['x'.repeat(101)]],
  ])('are refused for %s', (_, languages) => {
    expect(() => filterFrom(contribux, { languages })).toThrow(
      expect.objectContaining({ reason: 'INVALID_FIELD', fields: [{ path: 'filters.languages', message: atMost }] }),
    );
  });

  test('are refused where they are too large for an endpoint, by the name of the largest, and kept where they are not', () => {
    expect(maxFilterBytes).toBe(filterLimits.bytes);
    const texts = (character: string) => Array.from({ length: 50 }, () => character.repeat(100));
    const fields = [{ path: 'filters.languages', message: 'makes the filter larger than 16384 bytes' }];
    const large = { difficulty_levels: texts('x'), languages: texts('€') };
    expect(() => filterFrom(contribux, large)).toThrow(expect.objectContaining({ reason: 'INVALID_FIELD', fields }));
    expect(() => filterFrom(contribux, large, '')).toThrow(
      expect.objectContaining({ fields: [{ ...fields[0], path: 'languages' }] }),
    );
    const most = { min_match_score: 1, difficulty_levels: texts('x'), languages: texts('y') };
    expect(() => compileFilter(filterFrom(contribux, most))).not.toThrow();
  });

  test('are refused where they are wrong, each with its place', () => {
    const wrong = {
      min_match_score: 1.1,
      difficulty_levels: 'advanced',
      languages: ['', 1],
      typo: 1,
    };
    expect(() => filterFrom(contribux, wrong)).toThrow(
      expect.objectContaining({
        reason: 'INVALID_FIELD',
        fields: [
          { path: 'filters.min_match_score', message: 'must be a number from 0 to 1' },
          { path: 'filters.difficulty_levels', message: atMost },
          { path: 'filters.languages', message: atMost },
          { path: 'filters.typo', message: 'is not one of min_match_score, difficulty_levels, languages' },
        ],
      }),
    );
    expect(() => filterFrom(standard, { languages: [] })).toThrow('filters.languages');
  });
});
