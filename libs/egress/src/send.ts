import type { AttemptOutcome, Clock } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import { Agent } from 'undici';
import { openConnector } from './connector.ts';
import { Exchange, type ExchangeParts } from './exchange.ts';
import { checkUrl, type EgressPolicy } from './url-rules.ts';
import { dnsResolver, makeVettedLookup, type Resolver } from './vetted-lookup.ts';

export interface SendRequest {
  readonly url: string;
  readonly method: 'POST';
  /** Names in any case. `host`, `content-length`, `accept-encoding` and those about the connection are ours to set. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** From the call to the last byte of the answer; DNS, connecting and waiting for a free connection included. */
  readonly timeoutMs: number;
}

export interface SenderOptions {
  readonly policy: EgressPolicy;
  /** Requests to one origin that are under way at a time; more wait. @default 64 */
  readonly connectionsPerOrigin?: number;
  /** Bytes kept of the body of an answer; 64 KiB are read, then the socket is dropped. @default 16384 */
  readonly maxResponseBytes?: number;
  /** For tests. @default DNS */
  readonly resolver?: Resolver;
  /** For tests; Retry-After dates are compared with it. @default the system's */
  readonly clock?: Clock;
  /** Certificate authorities in PEM beside those of Node. @default none */
  readonly ca?: readonly string[];
}

export interface Sender {
  /** Resolves with what came of the request, whatever the receiver does. Throws STOPPING after `close` was called. */
  readonly send: (request: SendRequest) => Promise<AttemptOutcome>;
  /** Waits for the requests under way (each has its deadline), then closes all connections. */
  readonly close: () => Promise<void>;
}

const maxReadBytes = 64 * 1024;

/** Checked URLs kept in memory, so that an endpoint's URL is parsed once and not at every attempt. */
const maxKnownUrls = 10_000;

/** Set by us alone: the receiver must be the one of the URL, the length that of the body, the connection ours. */
const ownHeaders = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'proxy-authorization',
  'proxy-connection',
]);

type Target =
  | { readonly ok: true; readonly origin: string; readonly path: string }
  | { readonly ok: false; readonly error: string };

/** The verdict on a URL, remembered. The policy does not change in the life of a sender, so a verdict stays true. */
const makeTargets = (policy: EgressPolicy): ((raw: string) => Target) => {
  const known = new Map<string, Target>();
  return (raw) => {
    const found = known.get(raw);
    if (found !== undefined) return found;
    const verdict = checkUrl(raw, policy);
    const target: Target = verdict.ok
      ? { ok: true, origin: verdict.url.origin, path: verdict.url.pathname + verdict.url.search }
      : { ok: false, error: `${verdict.message} (${verdict.rule})` };
    const [oldest] = known.keys();
    if (known.size >= maxKnownUrls && oldest !== undefined) known.delete(oldest);
    known.set(raw, target);
    return target;
  };
};

const blocked = (error: string): AttemptOutcome => ({
  outcome: 'blocked',
  error,
  durationMs: 0,
  timings: { total: 0 },
});

/** Pairs as undici takes them, or the name that a caller must not set. Names and values are checked by undici (RFC 9110). */
const headerPairs = (headers: Readonly<Record<string, string>>): { pairs: string[]; forbidden?: string } => {
  const pairs = ['accept-encoding', 'identity'];
  for (const name of Object.keys(headers)) {
    if (ownHeaders.has(name.toLowerCase())) return { pairs, forbidden: name };
    pairs.push(name, headers[name] ?? '');
  }
  return { pairs };
};

/**
 * The one way out: sends webhooks to addresses that the policy allows, over kept-alive HTTP/1.1 connections.
 *
 * A request is written once and never repeated by us: one that dies on a reused connection before any byte of the answer
 * is `unreachable`, and the retry schedule decides. To make that rare, a connection idles for 4 s at most, for 2 s less
 * than a receiver's Keep-Alive hint, and 10 s where the hint is longer; undici looks at an idle socket once more before it
 * writes. No connection is older than 60 s, so that a changed DNS answer is obeyed. Redirects are answers like others.
 */
export const openSender = (options: SenderOptions): Sender => {
  const { policy } = options;
  const connector = openConnector({
    lookup: makeVettedLookup(options.resolver ?? dnsResolver(), policy.allowCidrs),
    allowCidrs: policy.allowCidrs,
    connectTimeoutMs: 10_000,
    ca: options.ca,
  });
  const agent = new Agent({
    connect: connector.connect,
    connections: options.connectionsPerOrigin ?? 64,
    pipelining: 1,
    allowH2: false,
    useMilo: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 10_000,
    keepAliveTimeoutThreshold: 2000,
    clientTtl: 60_000,
  });
  const targetOf = makeTargets(policy);
  let underWay = 0;
  let isClosing = false;
  const drained = Promise.withResolvers<void>();

  const base: Omit<ExchangeParts, 'finished'> = {
    connector,
    clock: options.clock ?? { now: () => Date.now() },
    maxResponseBytes: options.maxResponseBytes ?? 16 * 1024,
    maxReadBytes,
  };

  const dispatch = (request: SendRequest, origin: string, path: string, headers: string[]): Promise<AttemptOutcome> =>
    new Promise((resolve) => {
      underWay++;
      const finished = (outcome: AttemptOutcome): void => {
        underWay--;
        if (isClosing && underWay === 0) drained.resolve();
        resolve(outcome);
      };
      const exchange = new Exchange({ ...base, finished }, origin, request.timeoutMs);
      agent.dispatch({ origin, path, method: request.method, headers, body: request.body }, exchange);
    });

  return {
    send: async (request) => {
      if (isClosing) throw new Fault('STOPPING', 'The sender is closing.');
      const target = targetOf(request.url);
      if (!target.ok) return blocked(target.error);
      const { pairs, forbidden } = headerPairs(request.headers);
      if (forbidden !== undefined) return blocked('a header of the request is not ours to set (header)');
      return dispatch(request, target.origin, target.path, pairs);
    },
    close: async () => {
      isClosing = true;
      if (underWay === 0) drained.resolve();
      await drained.promise;
      await agent.destroy();
    },
  };
};
