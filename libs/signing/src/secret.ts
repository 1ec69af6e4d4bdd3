import type { SignatureProfile } from './profile.ts';
import { privateKeyOf, publicBytes } from './key.ts';
import { standardWebhooks } from './profiles.ts';

/** Random bytes for a secret, passed in so that tests can hold them: `randomBytes` of node:crypto in production. */
export type RandomBytes = (count: number) => Uint8Array;

/**
 * A new secret of 32 random bytes in the form that the profile's receivers expect: `whsec_` and base64 for
 * `standard`, 64 hex digits where the key is any text, `whsk_` and base64 of seed and public key for Ed25519.
 */
export const newSecret = (profile: SignatureProfile | 'standard', randomBytes: RandomBytes): string => {
  const { key } = profile === 'standard' ? standardWebhooks : profile;
  const bytes = Buffer.from(randomBytes(32));
  if (key.decoding === 'utf8') return bytes.toString('hex');
  const isPair = key.decoding === 'key-pair-after-prefix';
  const content = isPair ? Buffer.concat([bytes, publicBytes(privateKeyOf(bytes))]) : bytes;
  return key.prefix + content.toString('base64');
};

/** What a receiver may be given to verify with: the public key of a pair, the secret itself otherwise. */
export const verificationSecret = (profile: SignatureProfile, secret: string): string => {
  const { key } = profile;
  if (key.decoding !== 'key-pair-after-prefix' || !secret.startsWith(key.prefix)) return secret;
  const pair = Buffer.from(secret.slice(key.prefix.length), 'base64');
  return key.publicPrefix + pair.subarray(32).toString('base64');
};
