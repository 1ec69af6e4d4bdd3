import { describe, expect, test } from '@jest/globals';
import { isTimeZone } from './time-zone.ts';

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Lisbon', 'America/Argentina/Buenos_Aires'])('may be %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test.each(['', '+02:00', '2', 'Mars/Olympus', ' UTC'])('is not "%s"', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
});
