import { describe, expect, test } from '@jest/globals';
import { isTimeZone, timeZoneNamed } from './time-zone.ts';

describe('a time zone', () => {
  test.each(['UTC', 'Europe/Lisbon', 'America/Argentina/Buenos_Aires'])('may be %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });

  test.each(['', '+02:00', '2', 'Mars/Olympus', ' UTC'])('is not "%s"', (name) => {
    expect(isTimeZone(name)).toBe(false);
    expect(timeZoneNamed(name)).toBeUndefined();
  });

  test.each([
    ['europe/berlin', 'Europe/Berlin'],
    ['EUROPE/LISBON', 'Europe/Lisbon'],
    ['America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
    ['utc', 'UTC'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['US/Eastern', 'US/Eastern'],
    ['us/eastern', 'America/New_York'],
    ['US/EASTERN', 'America/New_York'],
    ['GMT', 'GMT'],
  ])('that is called %s is %s', (given, name) => {
    expect(timeZoneNamed(given)).toBe(name);
  });
});
