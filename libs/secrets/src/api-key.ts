import { createHash } from 'node:crypto';

/** Random bytes, passed in so that tests can hold them: `randomBytes` of node:crypto in production. */
export type RandomBytes = (count: number) => Uint8Array;

/** SHA-256 of a text in lower hex. Enough for API keys: 192 random bits need no slow hash. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex');

const prefix = 'bw_live_';

/** Enough of a key to recognise it by: its prefix, if it is one of ours, and its last four characters. */
export const apiKeyHint = (key: string): string => `${key.startsWith(prefix) ? prefix : ''}…${key.slice(-4)}`;

export interface NewApiKey {
  /** Shown once: `bw_live_` and 48 hex digits, which a double click selects whole. */
  readonly key: string;
  /** What is kept. */
  readonly hash: string;
  readonly hint: string;
}

export const newApiKey = (randomBytes: RandomBytes): NewApiKey => {
  const key = prefix + Buffer.from(randomBytes(24)).toString('hex');
  return { key, hash: sha256Hex(key), hint: apiKeyHint(key) };
};
