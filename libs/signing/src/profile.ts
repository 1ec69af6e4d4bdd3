/**
 * What is signed, in order. `{ header }` is the value of a request header, for profiles that protect headers too; an
 * optional one that is not sent is signed as the empty text.
 */
export type SignedPart = 'id' | 'timestamp' | 'body' | { readonly header: string; readonly optional?: boolean };

export type SigningAlgorithm = 'hmac-sha256' | 'hmac-sha512' | 'hmac-sha1' | 'ed25519';

/** How the text of a secret becomes the bytes of a key, and which secrets a person may bring. */
export type KeyRule =
  | {
      /** The UTF-8 bytes of the whole secret, with any prefix it has. */
      readonly decoding: 'utf8';
      readonly minCharacters: number;
      readonly maxCharacters: number;
    }
  | {
      /** The bytes that the base64 after the prefix stands for. */
      readonly decoding: 'base64-after-prefix';
      readonly prefix: string;
      readonly minBytes: number;
      readonly maxBytes: number;
    }
  | {
      /** Ed25519: seed and public key after `prefix`; a public key alone, for verification, after `publicPrefix`. */
      readonly decoding: 'key-pair-after-prefix';
      readonly prefix: string;
      readonly publicPrefix: string;
    };

/** How signatures stand in their header. `{timestamp}` is in seconds since 1970. */
export interface SignatureHeader {
  readonly name: string;
  /** Text before the first signature; may hold `{timestamp}`. @default '' */
  readonly before?: string;
  /** One signature, for instance `v1,{signature}`. */
  readonly each: string;
  /** Between the signatures of several keys, during a rotation. Absent: only the first key signs. */
  readonly between?: string;
}

/** A way to sign requests, as data: the engine in sign.ts and verify.ts knows no sender by name. */
export interface SignatureProfile {
  readonly name: string;
  readonly parts: readonly SignedPart[];
  /** Between the parts, in the signed bytes. */
  readonly separator: string;
  readonly algorithm: SigningAlgorithm;
  readonly encoding: 'hex' | 'base64';
  readonly key: KeyRule;
  readonly header: SignatureHeader;
  /** Headers that carry the id and the timestamp, where the signature header does not. */
  readonly idHeader?: string;
  readonly timestampHeader?: string;
}

/** What is signed: the request as it goes out. */
export interface SignedMessage {
  readonly id: string;
  /** Time of this attempt in whole seconds since 1970. */
  readonly timestampSeconds: number;
  /** The exact bytes of the request body. */
  readonly body: Uint8Array;
  /** Lower-case names; needed by profiles that sign headers only. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Header {
  readonly name: string;
  readonly value: string;
}
