import net from 'node:net';
import tls from 'node:tls';
import type { buildConnector } from 'undici';
import { classifyAddress } from './address-rules.ts';
import { EgressError } from './failures.ts';

export interface ConnectorOptions {
  readonly lookup: net.LookupFunction;
  readonly allowCidrs: readonly string[];
  /** From the start of the lookup to the end of the TLS handshake, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Certificate authorities in PEM beside those of Node. */
  readonly ca?: readonly string[] | undefined;
}

/** Opens connections for undici, and knows which of them nobody waits for any more. */
export interface Connector {
  readonly connect: buildConnector.connector;
  /** A request for this origin has no connection yet. */
  waits(origin: string): void;
  /** It has one now, or has gone; when the last one has gone, connections in the making are given up. */
  waitsNoMore(origin: string): void;
  /** How long the connection took that is handed over at this moment; undefined in a request on an open connection. */
  readonly freshConnectMs: number | undefined;
}

/** TLS sessions kept for resumption; one is about 2 KiB. */
const maxSessions = 1000;

/** Tickets of servers whose certificate was verified, so that a short keep-alive does not cost a full handshake each time. */
const makeSessionCache = () => {
  const sessions = new Map<string, Buffer>();
  return {
    get: (key: string) => sessions.get(key),
    set: (key: string, session: Buffer) => {
      sessions.delete(key);
      sessions.set(key, session);
      const [oldest] = sessions.keys();
      if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
    },
    drop: (key: string) => sessions.delete(key),
  };
};

/** Opens a socket, plain or TLS 1.2 and later; HTTP/1.1 only, no proxy from the environment. */
const makeOpenSocket = ({ lookup, ca }: ConnectorOptions): ((target: buildConnector.Options) => net.Socket) => {
  const sessions = makeSessionCache();
  const authorities = ca === undefined ? undefined : [...tls.rootCertificates, ...ca];
  return ({ protocol, hostname, port }) => {
    if (protocol !== 'https:') return net.connect({ host: hostname, port: Number(port || 80), lookup });
    const key = `${hostname}:${port}`;
    const socket = tls.connect({
      host: hostname,
      port: Number(port || 443),
      lookup,
      servername: net.isIP(hostname) === 0 ? hostname : undefined,
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      ca: authorities,
      session: sessions.get(key),
    });
    socket.on('session', (session) => {
      if (socket.authorized) sessions.set(key, session);
    });
    socket.on('error', () => sessions.drop(key));
    return socket;
  };
};

/** Per origin: requests without a connection, and connections in the making. */
const makeWaiting = () => {
  const origins = new Map<string, { requests: number; sockets: Set<net.Socket> }>();
  const change = (origin: string, by: (state: { requests: number; sockets: Set<net.Socket> }) => void): void => {
    const state = origins.get(origin) ?? { requests: 0, sockets: new Set() };
    by(state);
    if (state.requests === 0 && state.sockets.size === 0) origins.delete(origin);
    else origins.set(origin, state);
  };
  return {
    waits: (origin: string) => change(origin, (state) => state.requests++),
    waitsNoMore: (origin: string) =>
      change(origin, (state) => {
        state.requests--;
        if (state.requests > 0) return;
        for (const socket of state.sockets) socket.destroy(new EgressError('GIVEN_UP'));
      }),
    isWaitedFor: (origin: string) => (origins.get(origin)?.requests ?? 0) > 0,
    connecting: (origin: string, socket: net.Socket) => change(origin, (state) => state.sockets.add(socket)),
    settled: (origin: string, socket: net.Socket) => change(origin, (state) => state.sockets.delete(socket)),
  };
};

/**
 * A connector of our own instead of undici's, because we check the address of a socket before TLS begins, time each
 * connection, and can give one up before it is open.
 */
export const openConnector = (options: ConnectorOptions): Connector => {
  const openSocket = makeOpenSocket(options);
  const { waits, waitsNoMore, isWaitedFor, connecting, settled } = makeWaiting();
  let freshConnectMs: number | undefined;

  const connect: buildConnector.connector = (target, callback) => {
    const startedAt = performance.now();
    const origin = `${target.protocol}//${target.host ?? target.hostname}`;
    // undici would connect for requests that timed out in its queue.
    if (!isWaitedFor(origin)) {
      setImmediate(callback, new EgressError('GIVEN_UP'), null);
      return;
    }
    const socket = openSocket(target);
    const timer = setTimeout(() => socket.destroy(new EgressError('CONNECT_TIMEOUT')), options.connectTimeoutMs);
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      clearTimeout(timer);
      settled(origin, socket);
      return true;
    };
    connecting(origin, socket);
    socket.setNoDelay(true).setKeepAlive(true, 60_000);
    // Before the listener with which a TLS socket begins its handshake.
    socket.prependListener('connect', () => {
      const verdict = classifyAddress(socket.remoteAddress ?? '', options.allowCidrs);
      if (!verdict.allowed) socket.destroy(new EgressError('EGRESS_BLOCKED', verdict.rule));
    });
    socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      if (socket.destroyed || !settle()) return;
      // undici writes the waiting request inside this call, and its handler reads the time.
      freshConnectMs = performance.now() - startedAt;
      callback(null, socket);
      freshConnectMs = undefined;
    });
    socket.on('error', (error) => {
      if (settle()) callback(error, null);
    });
    socket.once('close', () => {
      if (settle()) callback(Object.assign(new Error('closed'), { code: 'ECONNRESET' }), null);
    });
  };

  return {
    connect,
    waits,
    waitsNoMore,
    get freshConnectMs() {
      return freshConnectMs;
    },
  };
};
