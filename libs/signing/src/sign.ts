import { Fault } from '@bellwire/errors';
import type { PreparedKey } from './key.ts';
import type { Header, SignatureProfile, SignedMessage } from './profile.ts';
import { signatureOf, signedPieces } from './signature.ts';

/**
 * The headers that make a request verifiable: the signature, and the id and timestamp it covers where the profile sends
 * them by themselves. Newest key first. With several keys, each signs, so that a receiver may hold any of them during a
 * rotation; where the profile has room for one signature, the first does. Throws INTERNAL without a key.
 */
export const sign = (
  profile: SignatureProfile,
  message: SignedMessage,
  keys: readonly PreparedKey[],
): readonly Header[] => {
  if (!Number.isSafeInteger(message.timestampSeconds)) {
    throw new Fault('INTERNAL', 'The timestamp of a signature must be whole seconds.');
  }
  const { header, idHeader, timestampHeader } = profile;
  const signers = header.between === undefined ? keys.slice(0, 1) : keys;
  if (signers.length === 0) throw new Fault('INTERNAL', 'There is no key to sign with.');
  const pieces = signedPieces(profile, message);
  const timestamp = String(message.timestampSeconds);
  const signatures = signers.map((key) => header.each.replace('{signature}', signatureOf(profile, pieces, key)));
  const value = (header.before ?? '').replace('{timestamp}', timestamp) + signatures.join(header.between ?? '');
  const headers: Header[] = [];
  if (idHeader !== undefined) headers.push({ name: idHeader, value: message.id });
  if (timestampHeader !== undefined) headers.push({ name: timestampHeader, value: timestamp });
  headers.push({ name: header.name, value });
  return headers;
};
