import type { QuietHours } from '@bellwire/contracts';
import { isTimeZone } from '@bellwire/domain';
import type { FieldProblem } from '@bellwire/errors';

const timeOfDay = /^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/;

/** Local times of day; an end before the start is on the next day. */
export const quietHoursProblems = ({ start, end, timeZone, mode }: QuietHours): FieldProblem[] => {
  const problems: FieldProblem[] = [];
  for (const [name, time] of Object.entries({ start, end })) {
    if (!timeOfDay.test(time)) problems.push({ path: `quiet_hours.${name}`, message: 'must be a time of day, HH:MM' });
  }
  if (start === end) problems.push({ path: 'quiet_hours.end', message: 'must differ from start' });
  if (!isTimeZone(timeZone)) {
    problems.push({ path: 'quiet_hours.time_zone', message: 'must be an IANA time zone such as Europe/Berlin' });
  }
  if (mode !== 'hold' && mode !== 'skip') problems.push({ path: 'quiet_hours.mode', message: 'must be hold or skip' });
  return problems;
};
