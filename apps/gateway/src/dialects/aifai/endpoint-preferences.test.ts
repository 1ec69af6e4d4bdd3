import { describe, expect, test } from '@jest/globals';
import { Endpoint } from '@bellwire/contracts';
import { fromChanges, fromPreferences, isSecretUnseen, toPreferences } from './endpoint-preferences.ts';
import { merged, noPreferences, type GivenPreferences, type Preferences } from './preferences.ts';

const wanted: Preferences = { ...noPreferences, webhook_url: 'https://example.com/hooks' };
const all: Preferences = {
  enable_webhook: true,
  webhook_url: 'https://example.com/hooks',
  quiet_hours_start: 22,
  quiet_hours_end: 6,
  time_zone: 'Europe/Lisbon',
  max_notifications_per_hour: 10,
  notification_types: ['problem_matching'],
  priorities: ['high', 'urgent'],
};

describe('preferences', () => {
  test.each<[string, Partial<Preferences>]>([
    ['all of them', all],
    ['none but the URL', {}],
    ['one end of quiet hours', { quiet_hours_start: 0 }],
    ['the other end, with a time zone', { quiet_hours_end: 23, time_zone: 'Asia/Tokyo' }],
    ['quiet hours in UTC, which was said', { quiet_hours_start: 1, quiet_hours_end: 2, time_zone: 'UTC' }],
    ['quiet hours in UTC, which was not said', { quiet_hours_start: 1, quiet_hours_end: 2 }],
    ['one filter', { priorities: ['high'] }],
  ])('come back from the endpoint that was made of them: %s', (_name, some) => {
    const preferences = { ...wanted, ...some };
    expect(toPreferences(fromPreferences(preferences, 'u1'))).toEqual(preferences);
  });

  test('become an endpoint of the user for the one event type', () => {
    expect(fromPreferences(all, 'u1')).toMatchObject({
      subject: 'u1',
      url: 'https://example.com/hooks',
      eventTypes: ['notification'],
      quietHours: { start: '22:00', end: '06:00', timeZone: 'Europe/Lisbon', mode: 'skip' },
      hourlyLimit: 10,
      retry: undefined,
      timeoutMs: 0,
    });
    expect(fromPreferences(wanted, 'u1')).toMatchObject({ quietHours: undefined, hourlyLimit: 0, filter: '' });
  });

  test('say what was set over /v1, and take what cannot be read for nothing', () => {
    const endpoint = Endpoint.fromPartial({
      url: 'https://example.com/other',
      filter: '{"data.amount":{"$gt":1}}',
      quietHours: { start: '21:30', end: '05:00', timeZone: 'Asia/Tokyo', mode: 'hold' },
      metadata: { 'aifai.time_zone': 'Nowhere', 'aifai.quiet_hours_start': '24' },
    });
    expect(toPreferences(endpoint)).toEqual({
      ...noPreferences,
      webhook_url: 'https://example.com/other',
      quiet_hours_start: 21,
      quiet_hours_end: 5,
      time_zone: 'Asia/Tokyo',
    });
    const notes = { 'aifai.time_zone': 'Nowhere', 'aifai.quiet_hours_start': '24', 'aifai.quiet_hours_end': '' };
    expect(toPreferences({ ...endpoint, quietHours: undefined, metadata: notes })).toMatchObject({
      quiet_hours_start: null,
      quiet_hours_end: null,
      time_zone: null,
    });
  });

  test('hide the secret until the webhook is enabled', () => {
    expect(isSecretUnseen(fromPreferences(wanted, 'u1'))).toBe(true);
    expect(isSecretUnseen(fromPreferences(all, 'u1'))).toBe(false);
    expect(isSecretUnseen({ ...fromPreferences(wanted, 'u1'), enabled: true })).toBe(false);
  });
});

describe('changes', () => {
  const endpoint = Endpoint.fromPartial({ ...fromPreferences(all, 'u1'), id: 'ep_1', metadata: { plan: 'gold' } });
  const change = (given: GivenPreferences) => fromChanges(endpoint, merged(toPreferences(endpoint), given), given);

  test('touch what was given, and keep notes of others', () => {
    expect(change({ max_notifications_per_hour: null })).toMatchObject({
      endpoint: { id: 'ep_1', hourlyLimit: 0 },
      updateMask: ['hourly_limit'],
    });
    expect(change({})).toMatchObject({ updateMask: [] });
    expect(change({ quiet_hours_end: null })).toMatchObject({
      endpoint: { quietHours: undefined, metadata: { plan: 'gold', 'aifai.quiet_hours_start': '22' } },
      updateMask: ['quiet_hours', 'metadata'],
    });
    expect(change({ priorities: ['low'] }).endpoint?.filter).toContain('problem_matching');
  });

  test('that end quiet hours where they begin are refused', () => {
    expect(() => merged(all, { quiet_hours_end: 22 })).toThrow('quiet_hours_end');
    expect(() => merged(all, { quiet_hours_start: 6 })).toThrow('quiet_hours_start');
    expect(merged(all, { quiet_hours_start: 6, quiet_hours_end: null })).toMatchObject({ quiet_hours_end: null });
  });

  test('with null set back', () => {
    expect(merged(all, { enable_webhook: null, time_zone: null })).toEqual({
      ...all,
      enable_webhook: false,
      time_zone: null,
    });
  });
});
