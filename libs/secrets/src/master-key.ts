import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A master key, ready to wrap data keys. */
export interface MasterKey {
  /** Names the key in what it sealed: 4 bytes. */
  readonly kid: Buffer;
  readonly wrapping: KeyObject;
}

/** What is wrong with the text of a master key, as a sentence without the key; undefined where it will do. */
export const masterKeyProblem = (text: string): string | undefined => {
  const characters = Array.from(text);
  if (characters.length < 32) return `a master key needs 32 characters or more, this one has ${characters.length}`;
  const different = new Set(characters).size;
  return different < 5
    ? `a master key needs at least 5 different characters, this one has ${different}: take one from a generator, such as openssl rand -hex 32`
    : undefined;
};

const derive = (text: string, purpose: string, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', text, '', `bellwire/${purpose}/v1`, length));

/**
 * HKDF-SHA256 (RFC 5869) turns a text of any length into exactly 256 bits and keeps uses apart by name, so that the kid,
 * which is stored in clear, says nothing about the key that wraps. A slow hash (scrypt) would only matter for a key that
 * people think up; this one comes from a generator, and each process reads it at each start. Throws a sentence.
 */
export const readMasterKey = (text: string): MasterKey => {
  const problem = masterKeyProblem(text);
  if (problem !== undefined) throw new Error(problem);
  const id = createHash('sha256')
    .update(derive(text, 'key-id', 32))
    .digest();
  return { kid: id.subarray(0, 4), wrapping: createSecretKey(derive(text, 'key-encryption', 32)) };
};
