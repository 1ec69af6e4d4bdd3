export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** What is wrong with a text of a filter, which Postgres and protobuf are to keep as it is; or undefined. */
export const textProblem = (text: string): string | undefined => {
  if (text.includes('\u0000')) return 'must not contain NUL';
  return text.isWellFormed() ? undefined : 'must be valid Unicode, without half a surrogate pair';
};

/** A JSON value that holds no other. NaN and the infinities are none. */
export const isScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
