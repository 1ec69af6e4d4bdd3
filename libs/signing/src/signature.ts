import { createHmac, sign as signBytes } from 'node:crypto';
import { Fault } from '@bellwire/errors';
import { signingKey, type PreparedKey } from './key.ts';
import type { SignatureProfile, SignedMessage, SignedPart, SigningAlgorithm } from './profile.ts';

/** What precedes a part that is not the body. */
const textOf = (part: Exclude<SignedPart, 'body'>, message: SignedMessage): string => {
  if (part === 'id') return message.id;
  if (part === 'timestamp') return String(message.timestampSeconds);
  const value = message.headers?.[part.header.toLowerCase()] ?? (part.optional === true ? '' : undefined);
  if (value === undefined) throw new Fault('INTERNAL', `The header ${part.header} is to be signed but is not sent.`);
  return value;
};

/**
 * The signed bytes, in pieces, so that a body is not copied to be signed. Text before the body is one piece. An id that
 * holds the separator would let one message pass for another (Standard Webhooks: "must not contain a full stop").
 */
export const signedPieces = (profile: SignatureProfile, message: SignedMessage): readonly (string | Uint8Array)[] => {
  const { parts, separator } = profile;
  if (separator !== '' && parts.includes('id') && message.id.includes(separator)) {
    throw new Fault('INTERNAL', `An id that is signed must not contain "${separator}".`);
  }
  const pieces: (string | Uint8Array)[] = [];
  let text = '';
  parts.forEach((part, index) => {
    if (index > 0) text += separator;
    if (part === 'body') {
      if (text !== '') pieces.push(text);
      text = '';
      pieces.push(message.body);
    } else {
      text += textOf(part, message);
    }
  });
  if (text !== '') pieces.push(text);
  return pieces;
};

export const joined = (pieces: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)));

const hashes: Readonly<Record<Exclude<SigningAlgorithm, 'ed25519'>, string>> = {
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
  'hmac-sha512': 'sha512',
};

/** One signature as text. */
export const signatureOf = (
  profile: SignatureProfile,
  pieces: readonly (string | Uint8Array)[],
  key: PreparedKey,
): string => {
  if (profile.algorithm === 'ed25519') {
    return signBytes(null, joined(pieces), signingKey(key)).toString(profile.encoding);
  }
  const hmac = createHmac(hashes[profile.algorithm], signingKey(key));
  for (const piece of pieces) hmac.update(piece);
  return hmac.digest(profile.encoding);
};
