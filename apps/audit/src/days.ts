/** A day of acceptance in UTC, counted from 1970-01-01: what the tables are partitioned by. */
export type Day = number;

export const dayMs = 24 * 60 * 60 * 1000;

export const dayOf = (timeMs: number): Day => Math.floor(timeMs / dayMs);

/** 2026-08-01, as Postgres reads it. */
export const dayText = (day: Day): string => new Date(day * dayMs).toISOString().slice(0, 10);
