import { z } from 'zod';
import { Endpoint, type UpdateEndpointRequest } from '@bellwire/contracts';
import { aifai } from '@bellwire/dialects';
import { isTimeZone } from '@bellwire/domain';
import { filtersOf, filterTextOf } from '../shorthand-filters.ts';
import { notificationType } from './notification-type.ts';
import { noPreferences, type GivenPreferences, type Preferences } from './preferences.ts';

/** Of the endpoints that these routes have made, so that no other is ever taken for one of two. */
const mark = 'aifai.preferences';
const secretMark = 'aifai.secret';
const unseen = 'unseen';

// What an endpoint has no field for is a note in its metadata: a time zone without quiet hours, one end of them without
// the other. Its owner can change notes over /v1: what cannot be read is not set.
const timeZoneNote = 'aifai.time_zone';
const startNote = 'aifai.quiet_hours_start';
const endNote = 'aifai.quiet_hours_end';
const hourNote = z
  .string()
  .regex(/^(1?[0-9]|2[0-3])$/)
  .transform(Number)
  .nullable()
  .catch(null);
const notes = z.object({
  [timeZoneNote]: z.string().refine(isTimeZone).nullable().catch(null),
  [startNote]: hourNote,
  [endNote]: hourNote,
});

const words = z.array(z.string()).nullable().catch(null);
const filters = z.object({ notification_types: words, priorities: words });

/** What changes are made to. */
type Before = Pick<Endpoint, 'enabled' | 'metadata'>;

export const isMarked = ({ metadata }: Endpoint): boolean => Object.hasOwn(metadata, mark);

/** Nobody has been shown its secret yet. The note is of no use any more once it was enabled over /v1. */
export const isSecretUnseen = ({ enabled, metadata }: Before): boolean => !enabled && metadata[secretMark] === unseen;

const hourOf = (timeOfDay: string): number => Number(timeOfDay.slice(0, 2));
const timeOfDay = (hour: number): string => `${String(hour).padStart(2, '0')}:00`;

const utc = 'UTC';

/** What is set of an endpoint, whoever has set it: a receiver that has answered 410 has disabled it. */
export const toPreferences = (endpoint: Endpoint): Preferences => {
  const { quietHours: quiet, hourlyLimit } = endpoint;
  const { [timeZoneNote]: zone, [startNote]: start, [endNote]: end } = notes.parse(endpoint.metadata);
  return {
    ...noPreferences,
    ...filters.parse(filtersOf(aifai, endpoint.filter) ?? {}),
    enable_webhook: endpoint.enabled,
    webhook_url: endpoint.url,
    quiet_hours_start: quiet === undefined ? start : hourOf(quiet.start),
    quiet_hours_end: quiet === undefined ? end : hourOf(quiet.end),
    time_zone: quiet === undefined || quiet.timeZone === (zone ?? utc) ? zone : quiet.timeZone,
    max_notifications_per_hour: hourlyLimit === 0 ? null : hourlyLimit,
  };
};

/** The note of a value, or the note taken away. */
const noteOf = (value: string | number | null): string | undefined => (value === null ? undefined : String(value));

const metadataOf = (wanted: Preferences, isQuiet: boolean, before: Before): Record<string, string> => {
  const own = {
    ...before.metadata,
    [mark]: 'true',
    [secretMark]: !wanted.enable_webhook && isSecretUnseen(before) ? unseen : undefined,
    [timeZoneNote]: noteOf(wanted.time_zone),
    [startNote]: isQuiet ? undefined : noteOf(wanted.quiet_hours_start),
    [endNote]: isQuiet ? undefined : noteOf(wanted.quiet_hours_end),
  };
  const kept = new Map<string, string>();
  for (const [name, value] of Object.entries(own)) if (value !== undefined) kept.set(name, value);
  return Object.fromEntries(kept);
};

const endpointOf = (wanted: Preferences, before: Before): Endpoint => {
  const { quiet_hours_start: start, quiet_hours_end: end, notification_types, priorities } = wanted;
  const isQuiet = start !== null && end !== null;
  return Endpoint.fromPartial({
    url: wanted.webhook_url ?? undefined,
    enabled: wanted.enable_webhook,
    eventTypes: [notificationType],
    quietHours: isQuiet
      ? { start: timeOfDay(start), end: timeOfDay(end), timeZone: wanted.time_zone ?? utc, mode: 'skip' }
      : undefined,
    hourlyLimit: wanted.max_notifications_per_hour ?? 0,
    filter: filterTextOf(aifai, { notification_types, priorities }, ''),
    metadata: metadataOf(wanted, isQuiet, before),
  });
};

export const fromPreferences = (wanted: Preferences, subject: string | undefined): Endpoint => ({
  ...endpointOf(wanted, { enabled: false, metadata: { [secretMark]: unseen } }),
  subject,
});

/** Fields of the contract by preference. */
const fields: Readonly<Record<keyof Preferences, readonly string[]>> = {
  enable_webhook: ['enabled', 'metadata'],
  webhook_url: ['url'],
  quiet_hours_start: ['quiet_hours', 'metadata'],
  quiet_hours_end: ['quiet_hours', 'metadata'],
  time_zone: ['quiet_hours', 'metadata'],
  max_notifications_per_hour: ['hourly_limit'],
  notification_types: ['filter'],
  priorities: ['filter'],
};

/** Only what was given is in the mask: what the tenant has set over /v1 beside it stays. */
export const fromChanges = (
  endpoint: Endpoint,
  wanted: Preferences,
  given: GivenPreferences,
): UpdateEndpointRequest => ({
  endpoint: { ...endpointOf(wanted, endpoint), id: endpoint.id },
  updateMask: [
    ...new Set(Object.entries(fields).flatMap(([name, paths]) => (Object.hasOwn(given, name) ? paths : []))),
  ],
});
