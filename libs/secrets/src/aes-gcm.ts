import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

/** Of a nonce and of a tag, in bytes. Source: NIST SP 800-38D, sections 5.2.1.1 and 5.2.1.2. */
export const nonceBytes = 12;
export const tagBytes = 16;

/** Nonce, ciphertext, tag. */
export const encrypt = (key: KeyObject | Buffer, nonce: Buffer, aad: Buffer, plain: Uint8Array): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(aad);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
};

/** Throws where key, AAD or any byte is another than when it was encrypted. */
export const decrypt = (key: KeyObject | Buffer, aad: Buffer, sealed: Buffer): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(aad).setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const opened = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  return Buffer.concat([opened, decipher.final()]);
};
