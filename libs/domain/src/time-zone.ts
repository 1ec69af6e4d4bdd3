// Europe/Berlin, US/Eastern, GMT: each part begins with a capital, and only a short form is all capitals.
const isCapitalised = (name: string): boolean =>
  name.split('/').every((part) => /^[A-Z]/.test(part)) && (/[a-z]/.test(name) || !name.includes('/'));

/**
 * The IANA name of a time zone as it is spelled, from one in any case; undefined where this Node does not know it.
 * Offsets such as +02:00 are none: they know no summer time. A second name of a zone (Asia/Kolkata) stays where it is
 * capitalised, and becomes the first one (Asia/Calcutta) where it is not: its spelling cannot be told.
 */
export const timeZoneNamed = (name: string): string | undefined => {
  if (!/^[A-Za-z]/.test(name)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    const isSecondName = timeZone.toLowerCase() !== name.toLowerCase();
    return isSecondName && isCapitalised(name) ? name : timeZone;
  } catch {
    return undefined;
  }
};

/** Whether a text names a time zone, in any case. */
export const isTimeZone = (name: string): boolean => timeZoneNamed(name) !== undefined;
