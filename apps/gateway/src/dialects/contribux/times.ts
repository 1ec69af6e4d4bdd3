/** As the document writes times: in UTC, in whole seconds. */
export const secondsText = (at: Date): string => at.toISOString().replace(/\.[0-9]{3}Z$/, 'Z');

export const optionalSecondsText = (at: Date | undefined): string | null => (at === undefined ? null : secondsText(at));
