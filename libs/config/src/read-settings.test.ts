import { describe, expect, test } from '@jest/globals';
import { describeSettings, readSettings, SettingsError } from './index.ts';

describe('readSettings', () => {
  test('has a default for everything that can have one', () => {
    const settings = readSettings({});
    expect(settings.BELLWIRE_HTTP_PORT).toBe(8080);
    expect(settings.BELLWIRE_RETRY_TIERS.map((tier) => tier.name).join(' ')).toBe('1s 5s 15s 1m 5m 30m 2h 8h');
    expect(settings.BELLWIRE_DISPATCHER_ROLES).toEqual(['router', 'deliverer', 'delayer']);
    expect(settings.BELLWIRE_EGRESS_ALLOW_CIDRS).toEqual([]);
    expect(settings.BELLWIRE_DATABASE_URL).toBeUndefined();
  });

  test('takes an empty variable as unset', () => {
    expect(readSettings({ BELLWIRE_HTTP_PORT: '' }).BELLWIRE_HTTP_PORT).toBe(8080);
  });

  test('takes a fraction of an hour, and nothing that only looks like a number', () => {
    expect(readSettings({ BELLWIRE_DISABLE_AFTER_HOURS: '0.5' }).BELLWIRE_DISABLE_AFTER_HOURS).toBe(0.5);
    expect(readSettings({ BELLWIRE_DISABLE_AFTER_HOURS: '0' }).BELLWIRE_DISABLE_AFTER_HOURS).toBe(0);
    for (const wrong of ['.5', '1e3', '-1', '1.', '9000']) {
      expect(() => readSettings({ BELLWIRE_DISABLE_AFTER_HOURS: wrong })).toThrow(SettingsError);
    }
  });

  test('lists every problem at once, unknown variables among them', () => {
    const environment = {
      BELLWIRE_HTTP_PORT: 'http',
      BELLWIRE_RETRY_TIERS: '1s soon',
      BELLWIRE_EGRESS_ALLOW_CIDRS: '10.0.0.0/8, everywhere',
      BELLWIRE_ADMIN_KEY: 'short',
      BELLWIRE_HTTP_PROT: '1',
      HOME: '/',
    };
    const error = (() => {
      try {
        return readSettings(environment);
      } catch (caught) {
        return caught;
      }
    })();
    expect(error).toBeInstanceOf(SettingsError);
    const problems = error instanceof SettingsError ? error.problems : [];
    expect(problems).toEqual(
      expect.arrayContaining([
        'BELLWIRE_HTTP_PORT: must be a whole number',
        expect.stringContaining('BELLWIRE_RETRY_TIERS: "soon" is not a delay tier'),
        'BELLWIRE_EGRESS_ALLOW_CIDRS: must be networks such as 10.0.0.0/8',
        'BELLWIRE_ADMIN_KEY: must have 32 characters or more',
        'BELLWIRE_HTTP_PROT: there is no such setting; docs/configuration.md lists them',
      ]),
    );
    expect(problems).toHaveLength(5);
  });

  test('is described with a line for each setting', () => {
    expect(describeSettings()).toContain('| `BELLWIRE_HTTP_PORT` | `8080` | Port of the REST gateway. |');
  });
});
