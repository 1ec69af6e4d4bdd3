const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * Acceptance time in a sortable event id (see newId in @bellwire/domain), in milliseconds since 1970; undefined where the
 * text is no event id. In the id of a keyed event the same bits are a hash: the number is then any of 2^48, so a caller
 * believes it only where it is plausible.
 */
export const eventIdTime = (eventId: string): number | undefined => {
  const [, text] = /^evt_([0-7][0-9A-HJKMNP-TV-Z]{25})$/.exec(eventId) ?? [];
  if (text === undefined) return undefined;
  // 26 characters are 130 bits for 128: the first ten are the 48 bits of time, after two zero bits.
  let time = 0;
  for (const character of text.slice(0, 10)) time = time * 32 + alphabet.indexOf(character);
  return time;
};
