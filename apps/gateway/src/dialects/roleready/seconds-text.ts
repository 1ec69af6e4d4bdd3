/** A time as the answers of the document have it: ISO 8601 in UTC, without milliseconds. @throws Error for none */
export const secondsText = (at: Date | undefined): string => {
  if (at === undefined) throw new Error('a service left out a time');
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
};
