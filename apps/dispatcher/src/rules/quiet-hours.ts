import { DateTime, IANAZone } from 'luxon';

/** Local times of day, HH:MM; an end that is not after the start is on the next day. Equal ones: never quiet. */
export interface QuietRule {
  readonly start: string;
  readonly end: string;
  /** IANA name. */
  readonly timeZone: string;
}

/** From the first moment on, up to but not including the second one. */
interface Interval {
  readonly fromMs: number;
  readonly toMs: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** What clocks on the wall show, as if it were UTC: the form in which local times are compared here. */
type WallMs = number;

const wallAt = (zone: IANAZone, atMs: number): WallMs => atMs + zone.offset(atMs) * minuteMs;

/** The moments at which the clocks show it: one, two where an hour is repeated, none where it is skipped. */
const momentsOf = (zone: IANAZone, wallMs: WallMs): number[] => {
  const offsets = new Set([zone.offset(wallMs - dayMs), zone.offset(wallMs + dayMs)]);
  const moments = [...offsets].map((offset) => wallMs - offset * minuteMs);
  return moments.filter((atMs) => wallAt(zone, atMs) === wallMs).toSorted((a, b) => a - b);
};

/** When the clocks jumped over a time that they never showed. */
const jumpOver = (zone: IANAZone, wallMs: WallMs): number => {
  let beforeMs = wallMs - dayMs;
  let afterMs = wallMs + dayMs;
  while (afterMs - beforeMs > 1) {
    const middleMs = Math.floor((beforeMs + afterMs) / 2);
    if (wallAt(zone, middleMs) < wallMs) beforeMs = middleMs;
    else afterMs = middleMs;
  }
  return afterMs;
};

/** The first moment at which the clocks show this time or, where it is skipped, a later one. */
const beginAt = (zone: IANAZone, wallMs: WallMs): number => momentsOf(zone, wallMs)[0] ?? jumpOver(zone, wallMs);

/** The moment after the last one at which the clocks show an earlier time. */
const endAt = (zone: IANAZone, wallMs: WallMs): number => {
  const last = momentsOf(zone, wallMs - 1).at(-1);
  return last === undefined ? jumpOver(zone, wallMs - 1) : last + 1;
};

const timeOfDayMs = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (hours * 60 + minutes) * minuteMs;
};

/** The quiet hours that begin on the local dates around a moment: enough for one to end before it and one after. */
const intervalsAround = (zone: IANAZone, { start, end }: QuietRule, nowMs: number): Interval[] => {
  const { year, month, day } = DateTime.fromMillis(nowMs, { zone });
  const startMs = timeOfDayMs(start);
  const endMs = timeOfDayMs(end) + (end <= start ? dayMs : 0);
  return [-2, -1, 0, 1, 2].map((days) => {
    const midnight: WallMs = Date.UTC(year, month - 1, day + days);
    return { fromMs: beginAt(zone, midnight + startMs), toMs: endAt(zone, midnight + endMs) };
  });
};

/**
 * Tells until when an endpoint is quiet at a moment, or undefined where it is not. Cheap: it remembers its answer up to
 * the next begin or end. Where summer time skips a begin or an end, the jump takes its place; where it repeats one, quiet
 * hours last from the first time the clocks show the begin to the last time they show less than the end.
 */
export const makeQuietUntil = (rule: QuietRule): ((nowMs: number) => number | undefined) => {
  if (rule.start === rule.end) return () => undefined;
  const zone = IANAZone.create(rule.timeZone);
  let known: Interval = { fromMs: 0, toMs: 0 };
  let untilMs: number | undefined;
  return (nowMs) => {
    if (nowMs >= known.fromMs && nowMs < known.toMs) return untilMs;
    const intervals = intervalsAround(zone, rule, nowMs);
    const bounds = intervals.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
    known = {
      fromMs: Math.max(...bounds.filter((atMs) => atMs <= nowMs)),
      toMs: Math.min(...bounds.filter((atMs) => atMs > nowMs)),
    };
    const present = intervals.filter(({ fromMs, toMs }) => fromMs <= nowMs && nowMs < toMs);
    untilMs = present.length === 0 ? undefined : Math.max(...present.map(({ toMs }) => toMs));
    return untilMs;
  };
};

/** Answers once; for an endpoint that is asked often, keep a {@link makeQuietUntil}. */
export const quietUntil = (rule: QuietRule, nowMs: number): number | undefined => makeQuietUntil(rule)(nowMs);
