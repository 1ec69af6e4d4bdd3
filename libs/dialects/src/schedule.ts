import { invalidField } from '@bellwire/errors';
import type { Dialect } from './dialect.ts';

/** How the waits before the retries grow, in seconds: base, base², base³, … up to a cap; or step, 2 × step, 3 × step, … */
export type Growth =
  | { readonly grows: 'by_power'; readonly base: number; readonly capSeconds: number }
  | { readonly grows: 'by_step'; readonly stepSeconds: number };

/** A schedule as its users give it: by the number of retries, from 0. */
export interface RetryCount {
  readonly growth: Growth;
  readonly most: number;
}

/** The waits before so many retries, in seconds. */
export const scheduleOf = (growth: Growth, retries: number): readonly number[] =>
  Array.from({ length: retries }, (_, index) =>
    growth.grows === 'by_power'
      ? Math.min(growth.base ** (index + 1), growth.capSeconds)
      : growth.stepSeconds * (index + 1),
  );

/**
 * The schedule of an endpoint whose user asks for so many retries.
 *
 * @param path the field in which he does, for the message
 * @throws Fault INVALID_FIELD where the dialect does not count so far, or has no such setting
 */
export const scheduleFor = ({ name, retryCount }: Dialect, retries: number, path: string): readonly number[] => {
  if (retryCount === undefined) throw invalidField(path, `cannot be set in the dialect ${name}`);
  const { growth, most } = retryCount;
  if (!Number.isInteger(retries) || retries < 0 || retries > most) {
    throw invalidField(path, `must be a whole number from 0 to ${most}`);
  }
  return scheduleOf(growth, retries);
};
