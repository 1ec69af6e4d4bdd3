import { isNativeError } from 'node:util/types';
import type { AttemptOutcome } from '@bellwire/domain';

/** Our own codes, beside those of the system, OpenSSL and undici. */
export type EgressErrorCode = 'EGRESS_BLOCKED' | 'DNS_TIMEOUT' | 'CONNECT_TIMEOUT' | 'GIVEN_UP';

/** An error of ours on the way to a connection. Never has a code that undici retries (UND_ERR_SOCKET, UND_ERR_INFO). */
export class EgressError extends Error {
  override readonly name = 'EgressError';
  readonly code: EgressErrorCode;
  /** The address rule, for EGRESS_BLOCKED. */
  readonly rule: string;

  constructor(code: EgressErrorCode, rule = '') {
    super(`${code} ${rule}`.trim());
    this.code = code;
    this.rule = rule;
  }
}

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed while the request was sent',
  ETIMEDOUT: 'no connection',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no connection',
  ENOTFOUND: 'name not found',
  ENODATA: 'the name has no address',
  DNS_TIMEOUT: 'name lookup took too long',
  CONNECT_TIMEOUT: 'no connection in time',
  GIVEN_UP: 'no connection in time',
  UND_ERR_SOCKET: 'connection closed before the answer was complete',
  UND_ERR_INFO: 'connection closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection closed before the answer was complete',
  HTTP_PARSER: 'the answer is not HTTP',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are over 16 KiB',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not valid yet',
  CERT_REVOKED: 'certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in the chain',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate chain is incomplete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate chain is incomplete',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for another name',
};

/** The code of an error, or of the first of several (happy eyeballs); only if it looks like one, as it is shown to people. */
const codeOf = (error: Error): string => {
  // undici 8.12.4 looks its parser's codes up the wrong way round: they are undefined.
  if (error.name === 'HTTPParserError') return 'HTTP_PARSER';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  const first: unknown = 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : undefined;
  return isNativeError(first) ? codeOf(first) : '';
};

const sentenceOf = (code: string): string => {
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return 'TLS handshake failed';
  if (code.startsWith('DNS') && sentences[code] === undefined) return 'name lookup failed';
  return sentences[code] ?? 'connection failed';
};

/**
 * What came of an attempt that got no complete answer. The sentence is made from the code alone: messages of errors name
 * addresses, and those of a private network are nobody's business.
 */
export const outcomeOfError = (error: Error): Pick<AttemptOutcome, 'outcome'> & { readonly error: string } => {
  if (error instanceof EgressError && error.code === 'EGRESS_BLOCKED') {
    return { outcome: 'blocked', error: `the name leads to an address that is not allowed (${error.rule})` };
  }
  const code = codeOf(error);
  if (code === 'UND_ERR_INVALID_ARG')
    return { outcome: 'blocked', error: 'a header of the request is not valid (header)' };
  return { outcome: 'unreachable', error: code === '' ? sentenceOf(code) : `${sentenceOf(code)} (${code})` };
};
