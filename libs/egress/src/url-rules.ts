import { isIP } from 'node:net';
import { classifyAddress, isOpened } from './address-rules.ts';

/** Where we may send. Both settings are off by default: public addresses over https only. */
export interface EgressPolicy {
  /** BELLWIRE_EGRESS_ALLOW_HTTP: plain http too. */
  readonly allowHttp: boolean;
  /** BELLWIRE_EGRESS_ALLOW_CIDRS, as `parseAllowCidrs` returns it: addresses allowed beyond the public ones. */
  readonly allowCidrs: readonly string[];
}

export type UrlVerdict =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly rule: string; readonly message: string };

const refuse = (rule: string, message: string): UrlVerdict => ({ ok: false, rule, message });

const maxLength = 2048;

/** Names that never lead to a public host (RFC 6761, 6762, 8375, 7686; Kubernetes; cloud-internal zones). */
const reservedNames = ['localhost', 'local', 'internal', 'svc', 'cluster.local', 'home.arpa', 'onion', 'arpa'];

/** A label of a host name (RFC 1123), underscores included because receivers use them. */
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

const checkRaw = (raw: string): UrlVerdict | undefined => {
  if (raw.length > maxLength) return refuse('length', `The URL is longer than ${maxLength} characters.`);
  // WHATWG URL parsing silently drops or repairs these, so what a person reads is not where the request would go.
  if (/[\p{Cc} \\]/u.test(raw)) {
    return refuse('characters', 'The URL contains a space, a backslash or a control character.');
  }
  return undefined;
};

const checkName = (name: string, policy: EgressPolicy): UrlVerdict | undefined => {
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((part) => label.test(part))) {
    return refuse('hostname', 'The host name has an empty, over-long or invalid label.');
  }
  if (name === 'localhost' && isLocalhostOpen(policy.allowCidrs)) return undefined;
  if (labels.length === 1 || reservedNames.some((reserved) => name === reserved || name.endsWith(`.${reserved}`))) {
    return refuse('name', `The name ${name} is not a public host name.`);
  }
  return undefined;
};

const checkPort = (url: URL, isAnyPortAllowed: boolean): UrlVerdict | undefined => {
  const port = url.port === '' ? undefined : Number(url.port);
  if (port === undefined || port === 80 || port === 443 || port === 8443) return undefined;
  if (port !== 0 && (port >= 1024 || isAnyPortAllowed)) return undefined;
  return refuse('port', `Port ${port} is not allowed: use 80, 443, 8443 or one from 1024 on.`);
};

const checkHost = (url: URL, policy: EgressPolicy): UrlVerdict | undefined => {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0) {
    const name = host.replace(/\.$/, '');
    return checkName(name, policy) ?? checkPort(url, name === 'localhost');
  }
  const verdict = classifyAddress(host, policy.allowCidrs);
  if (!verdict.allowed) return refuse(verdict.rule, `The address ${host} is not a public one (${verdict.rule}).`);
  return checkPort(url, isOpened(host, policy.allowCidrs));
};

/** The name localhost may be used where either loopback address is listed. */
export const isLocalhostOpen = (allowCidrs: readonly string[]): boolean =>
  isOpened('127.0.0.1', allowCidrs) || isOpened('::1', allowCidrs);

/** What is read off the parsed URL and, where WHATWG leaves no trace of it, off the raw text. */
const checkForm = (raw: string, url: URL, policy: EgressPolicy): UrlVerdict | undefined => {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return refuse('scheme', 'The URL must begin with https://.');
  if (url.protocol === 'http:' && !policy.allowHttp) return refuse('scheme', 'Plain http is not allowed: use https.');
  const authority = /^https?:\/\/([^/?#]+)/i.exec(raw)?.[1];
  if (authority === undefined) return refuse('slashes', 'The URL must have two slashes before the host.');
  if (authority.includes('@')) return refuse('userinfo', 'The URL must not contain a user name or password.');
  if (raw.includes('#')) return refuse('fragment', 'The URL must not contain a fragment.');
  return undefined;
};

/**
 * Whether a URL may receive webhooks, checked when it is registered and again at every attempt. Pure: a name passes here
 * and its addresses are decided when it is resolved (`vetted-lookup.ts`). `message` is a sentence for a customer; the
 * trailing dot of a name is dropped from `url`. Source: research/operations.md 2.1(2).
 */
export const checkUrl = (raw: string, policy: EgressPolicy): UrlVerdict => {
  const wrongText = checkRaw(raw);
  if (wrongText !== undefined) return wrongText;
  const url = URL.parse(raw);
  if (url === null) return refuse('parse', 'The URL cannot be read.');
  const wrong = checkForm(raw, url, policy) ?? checkHost(url, policy);
  if (wrong !== undefined) return wrong;
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  return { ok: true, url };
};
