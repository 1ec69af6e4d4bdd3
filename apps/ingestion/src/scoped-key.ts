/**
 * An idempotency key as it is reserved and as the event id derives from it: each subject has its own, so that no user
 * learns of or takes the keys of others or of the product. Given keys have no control characters: no two pairs give the
 * same text, and none gives that of an operational event (`bellwire\n…`).
 *
 * @param subject of the caller's API key; undefined: the key is the tenant's, and stays as it is
 */
export const scopedKey = (subject: string | undefined, key: string): string =>
  subject === undefined ? key : `subject\n${subject}\n${key}`;
