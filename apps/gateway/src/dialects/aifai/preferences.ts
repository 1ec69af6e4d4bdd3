import { z } from 'zod';
import { aifai } from '@bellwire/dialects';
import { timeZoneNamed } from '@bellwire/domain';
import { invalidField, textProblem } from '@bellwire/errors';
import { filterTextOf } from '../shorthand-filters.ts';

const hour = z.int().min(0).max(23);
const word = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => textProblem(text) === undefined, 'must not contain NUL or half a surrogate pair');
const words = z.array(word).min(1).max(50);

const timeZone = z.string().transform((given, { addIssue }) => {
  const name = timeZoneNamed(given);
  if (name === undefined) addIssue('must be an IANA time zone such as Europe/Berlin');
  return name ?? z.NEVER;
});

const members = {
  enable_webhook: z.boolean(),
  webhook_url: z.string().min(1).max(2048).nullable(),
  quiet_hours_start: hour.nullable(),
  quiet_hours_end: hour.nullable(),
  time_zone: timeZone.nullable(),
  max_notifications_per_hour: z.int().min(1).max(100_000).nullable(),
  notification_types: words.nullable(),
  priorities: words.nullable(),
};

/** What a user has said of notifications; null stands for what is not set. */
export const preferences = z.object(members);
export type Preferences = z.infer<typeof preferences>;

/** What PUT takes: null clears, and what is left out stays. */
export const givenPreferences = z
  .strictObject({ ...members, enable_webhook: members.enable_webhook.nullable() })
  .partial();
export type GivenPreferences = z.infer<typeof givenPreferences>;

/** Of users who have said nothing. */
export const noPreferences: Preferences = {
  enable_webhook: false,
  webhook_url: null,
  quiet_hours_start: null,
  quiet_hours_end: null,
  time_zone: null,
  max_notifications_per_hour: null,
  notification_types: null,
  priorities: null,
};

/** @throws Fault INVALID_FIELD where quiet hours would begin when they end, and where the lists are too large together */
export const merged = (before: Preferences, given: GivenPreferences): Preferences => {
  const next = { ...before, ...given, enable_webhook: switched(before, given) };
  if (next.quiet_hours_start !== null && next.quiet_hours_start === next.quiet_hours_end) {
    const path = typeof given.quiet_hours_end === 'number' ? 'quiet_hours_end' : 'quiet_hours_start';
    throw invalidField(path, 'start and end must differ');
  }
  filterTextOf(aifai, { notification_types: next.notification_types, priorities: next.priorities }, '');
  return next;
};

const switched = (before: Preferences, given: GivenPreferences): boolean =>
  given.enable_webhook === undefined ? before.enable_webhook : given.enable_webhook === true;
