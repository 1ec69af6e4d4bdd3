import { timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import type { PreparedKey } from './key.ts';
import type { SignatureHeader, SignatureProfile, SignedMessage, SignedPart } from './profile.ts';
import { joined, signatureOf, signedPieces } from './signature.ts';

export type VerifyFailure = 'missing_header' | 'malformed_header' | 'too_old' | 'too_new' | 'no_match';

/** A request that does not verify is a value: it is the sender who is wrong. */
export type Verification = { readonly ok: true } | { readonly ok: false; readonly reason: VerifyFailure };

export type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface VerifyOptions {
  readonly nowSeconds: number;
  /** How far the timestamp may be from now, either way. @default 300, as the Standard Webhooks libraries do */
  readonly toleranceSeconds?: number;
}

/** A sender with more keys than this at once is not one of ours; it bounds the work that a stranger can ask for. */
const maxSignatures = 32;

/** Header names are case-insensitive (RFC 9110, section 5.1). */
const lowerCased = (headers: ReceivedHeaders): Record<string, string> => {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) found[name.toLowerCase()] = typeof value === 'string' ? value : value.join(',');
  }
  return found;
};

/** Takes a signature header apart; undefined where it does not have the form that the profile writes. */
const readSignatures = (
  header: SignatureHeader,
  value: string,
): { readonly timestamp: string | undefined; readonly signatures: readonly string[] } | undefined => {
  const before = header.before ?? '';
  const [head = '', tail] = before.split('{timestamp}');
  if (!value.startsWith(head)) return undefined;
  let rest = value.slice(head.length);
  let timestamp: string | undefined;
  if (tail !== undefined) {
    const end = rest.indexOf(tail);
    if (end < 0) return undefined;
    timestamp = rest.slice(0, end);
    rest = rest.slice(end + tail.length);
  }
  const [start = '', end = ''] = header.each.split('{signature}');
  const tokens = header.between === undefined ? [rest] : rest.split(header.between, maxSignatures);
  const signatures = tokens
    .filter((token) => token.startsWith(start) && token.endsWith(end) && token.length > start.length + end.length)
    .map((token) => token.slice(start.length, token.length - end.length));
  return { timestamp, signatures };
};

const equalTexts = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

const anyMatches = (
  profile: SignatureProfile,
  message: SignedMessage,
  signatures: readonly string[],
  keys: readonly PreparedKey[],
): boolean => {
  const pieces = signedPieces(profile, message);
  if (profile.algorithm === 'ed25519') {
    const bytes = joined(pieces);
    return keys.some(({ verifying }) =>
      signatures.some((text) => verifyBytes(null, bytes, verifying, Buffer.from(text, profile.encoding))),
    );
  }
  return keys.some((key) => {
    const expected = signatureOf(profile, pieces, key);
    return signatures.some((text) => equalTexts(text, expected));
  });
};

const failed = (reason: VerifyFailure): Verification => ({ ok: false, reason });

/** What the timestamp of a request says: its seconds, or why it is refused. Without a signed timestamp: 0. */
const checkTimestamp = (
  profile: SignatureProfile,
  text: string | undefined,
  options: VerifyOptions,
): number | VerifyFailure => {
  if (!profile.parts.includes('timestamp')) return 0;
  if (text === undefined || text === '') return 'missing_header';
  if (!/^[0-9]{1,15}$/.test(text)) return 'malformed_header';
  const seconds = Number(text);
  // The signed text is rebuilt from the number, so it must be the number's only spelling.
  if (String(seconds) !== text) return 'malformed_header';
  const tolerance = options.toleranceSeconds ?? 300;
  if (options.nowSeconds - seconds > tolerance) return 'too_old';
  if (seconds - options.nowSeconds > tolerance) return 'too_new';
  return seconds;
};

/**
 * Whether a received request was signed with one of the keys, in constant time for equal lengths. Id and timestamp are
 * read from the headers, as a receiver has to. Signatures of other schemes in the same header are passed over.
 */
export const verify = (
  profile: SignatureProfile,
  body: Uint8Array,
  received: ReceivedHeaders,
  keys: readonly PreparedKey[],
  options: VerifyOptions,
): Verification => {
  const headers = lowerCased(received);
  const value = headers[profile.header.name.toLowerCase()];
  if (value === undefined || value === '') return failed('missing_header');
  const parsed = readSignatures(profile.header, value);
  if (parsed === undefined) return failed('malformed_header');
  const id = profile.idHeader === undefined ? '' : headers[profile.idHeader.toLowerCase()];
  if (id === undefined || (id === '' && profile.idHeader !== undefined)) return failed('missing_header');
  if (profile.separator !== '' && profile.parts.includes('id') && id.includes(profile.separator))
    return failed('malformed_header');
  const sent =
    profile.timestampHeader === undefined ? parsed.timestamp : headers[profile.timestampHeader.toLowerCase()];
  const timestampSeconds = checkTimestamp(profile, sent, options);
  if (typeof timestampSeconds === 'string') return failed(timestampSeconds);
  const isMissing = (part: SignedPart): boolean =>
    typeof part === 'object' && part.optional !== true && headers[part.header.toLowerCase()] === undefined;
  if (profile.parts.some(isMissing)) return failed('missing_header');
  const message = { id, timestampSeconds, body, headers };
  return anyMatches(profile, message, parsed.signatures, keys) ? { ok: true } : failed('no_match');
};
