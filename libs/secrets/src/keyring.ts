import { randomBytes } from 'node:crypto';
import { Fault } from '@bellwire/errors';
import { decrypt, encrypt, nonceBytes, tagBytes } from './aes-gcm.ts';
import { readMasterKey, type MasterKey } from './master-key.ts';

/** Where a sealed value belongs. It opens nowhere else, so a row cannot be moved to another tenant or endpoint. */
export interface SealContext {
  readonly tenantId: string;
  readonly endpointId: string;
  /** What the value is, for instance `signing_secret` or `headers`. */
  readonly purpose: string;
  /** Of the value within its purpose: an older one cannot be put in the place of a newer. */
  readonly version: number;
}

export interface Keyring {
  /** Encrypts under a new data key. Two seals of one value differ. */
  seal(plaintext: string, context: SealContext): Uint8Array;
  /** Throws INTERNAL; the cause says whose value it was and why it stays shut, and never what it holds. */
  open(sealed: Uint8Array, context: SealContext): string;
  /** Whether the first master key sealed it; else it is to be sealed again before the older key is taken away. */
  isCurrent(sealed: Uint8Array): boolean;
}

const formatVersion = 1;
const kidBytes = 4;
const dataKeyBytes = 32;
const headBytes = 1 + kidBytes;
const wrappedBytes = nonceBytes + dataKeyBytes + tagBytes;

/** A list as JSON, so that no two contexts give the same bytes; and the head, so that it cannot be changed either. */
const aadOf = (head: Buffer, { tenantId, endpointId, purpose, version }: SealContext): Buffer =>
  Buffer.concat([head, Buffer.from(JSON.stringify([tenantId, endpointId, purpose, version]))]);

const failure = (context: SealContext, why: string, cause?: unknown): Fault => {
  const { tenantId, endpointId, purpose, version } = context;
  return new Fault('INTERNAL', 'A stored secret cannot be opened.', {
    cause: new Error(`${purpose} ${version} of ${tenantId} ${endpointId}: ${why}`, { cause }),
  });
};

const readMasterKeys = (texts: readonly string[]): readonly [MasterKey, ...MasterKey[]] => {
  const [first, ...others] = texts.map(readMasterKey);
  if (first === undefined) throw new Error('there is no master key');
  const kids = new Set([first, ...others].map(({ kid }) => kid.toString('hex')));
  if (kids.size !== texts.length) throw new Error('a master key is given twice');
  return [first, ...others];
};

/**
 * Envelope encryption of secrets at rest, AES-256-GCM twice: a random data key for each value, wrapped by a master key.
 * So one master key meets few short texts only, and can be changed by wrapping anew. Of several master keys the first
 * seals and all open: to change it, put the new one in front, seal again what is not current, take the old one away.
 *
 * | bytes | what                                                   |
 * | ----- | ------------------------------------------------------ |
 * | 1     | version of this format: 1                              |
 * | 4     | kid of the master key                                  |
 * | 60    | data key, wrapped: nonce 12, key 32, tag 16            |
 * | 28+n  | value: nonce 12, ciphertext n, tag 16                  |
 *
 * Opened data keys are not cached: opening costs some 20 µs, once per value and change of the registry view. Throws a
 * sentence where a key is too short or too plain, or given twice.
 */
export const openKeyring = (options: { readonly masterKey: string | readonly string[] }): Keyring => {
  const { masterKey } = options;
  const [first, ...others] = readMasterKeys(typeof masterKey === 'string' ? [masterKey] : masterKey);
  const keys = [first, ...others];

  const isCurrent = (sealed: Uint8Array): boolean => first.kid.equals(sealed.subarray(1, headBytes));

  const seal = (plaintext: string, context: SealContext): Uint8Array => {
    const head = Buffer.from([formatVersion, ...first.kid]);
    const aad = aadOf(head, context);
    const dataKey = randomBytes(dataKeyBytes);
    const wrapped = encrypt(first.wrapping, randomBytes(nonceBytes), aad, dataKey);
    const value = encrypt(dataKey, randomBytes(nonceBytes), aad, Buffer.from(plaintext, 'utf8'));
    return Buffer.concat([head, wrapped, value]);
  };

  const open = (sealed: Uint8Array, context: SealContext): string => {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < headBytes + wrappedBytes + nonceBytes + tagBytes) throw failure(context, 'it is cut off');
    if (bytes[0] !== formatVersion) throw failure(context, `its format ${bytes[0]} is not known`);
    const head = bytes.subarray(0, headBytes);
    const kid = head.subarray(1);
    const key = keys.find((candidate) => candidate.kid.equals(kid));
    if (key === undefined) throw failure(context, `its master key ${kid.toString('hex')} is not given`);
    const aad = aadOf(head, context);
    try {
      const dataKey = decrypt(key.wrapping, aad, bytes.subarray(headBytes, headBytes + wrappedBytes));
      return decrypt(dataKey, aad, bytes.subarray(headBytes + wrappedBytes)).toString('utf8');
    } catch (error) {
      throw failure(context, 'it was changed, or sealed for another place', error);
    }
  };

  return { seal, open, isCurrent };
};
