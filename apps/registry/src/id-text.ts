/**
 * Whether a text can be an id at all. What cannot is found nowhere, and is not asked for: Postgres refuses NUL, and in the
 * scope of a transaction `*` means every tenant.
 */
export const isIdText = (text: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(text);
