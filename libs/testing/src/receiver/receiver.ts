import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { play, type Answer } from './answers.ts';

export interface ReceivedRequest {
  /** With the query, as it was sent. */
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value, ... as they came. */
  readonly rawHeaders: readonly string[];
  /** Empty where `keepBodies` is false. */
  readonly body: Buffer;
  readonly bodyBytes: number;
  /** Milliseconds since 1970, when the last byte had come. */
  readonly receivedAtMs: number;
}

/** A status, an answer, a list in turn whose last one stays, or a function of the request and its number (from 1). */
export type Script =
  number | Answer | readonly (number | Answer)[] | ((request: ReceivedRequest, count: number) => number | Answer);

export interface ReceiverOptions {
  /** @default any free one */
  readonly port?: number;
  /** For paths that have no script of their own. @default 200 */
  readonly answer?: Script;
  /** False keeps no bodies, for runs with very many requests. @default true */
  readonly keepBodies?: boolean;
  /** How many of the latest requests are kept; `count` counts all. @default all */
  readonly keepLast?: number;
}

export interface Receiver {
  readonly port: number;
  /** `http://127.0.0.1:<port>/` and so on. @default '/' */
  url(path?: string): string;
  /** In the order in which their last bytes came. */
  readonly requests: readonly ReceivedRequest[];
  /** All that ever came, kept or not. */
  readonly count: number;
  /** From now on, requests to this path (without a query) are answered so, counted from 1 again. */
  answer(path: string, script: Script): void;
  /**
   * Resolves with all requests once there are so many, or once the predicate holds for them; rejects after `timeoutMs`
   * with a sentence that says what did arrive.
   */
  received(
    condition: number | ((requests: readonly ReceivedRequest[]) => boolean),
    timeoutMs?: number,
  ): Promise<readonly ReceivedRequest[]>;
  /** Drops all connections, hanging ones too. */
  close(): Promise<void>;
}

const isList = (script: Script): script is readonly (number | Answer)[] => Array.isArray(script);

const answerOf = (script: Script, request: ReceivedRequest, count: number): Answer => {
  const chosen =
    typeof script === 'function'
      ? script(request, count)
      : isList(script)
        ? (script[count - 1] ?? script.at(-1) ?? 200)
        : script;
  return typeof chosen === 'number' ? { status: chosen } : chosen;
};

const readBody = async (message: IncomingMessage, isKept: boolean): Promise<{ body: Buffer; bodyBytes: number }> => {
  const chunks: Buffer[] = [];
  let bodyBytes = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) continue;
    bodyBytes += chunk.length;
    if (isKept) chunks.push(chunk);
  }
  return { body: Buffer.concat(chunks), bodyBytes };
};

const describe = (requests: readonly ReceivedRequest[], count: number): string => {
  const lines = requests.slice(-20).map(({ method, path, bodyBytes }) => `${method} ${path} (${bodyBytes} bytes)`);
  return [`${count} requests arrived`, ...lines].join('\n  ');
};

/** A receiver of webhooks on the loopback, told per path what to answer: a real HTTP server that remembers what came. */
export const startReceiver = async (options: ReceiverOptions = {}): Promise<Receiver> => {
  const scripts = new Map<string, { script: Script; count: number }>();
  const requests: ReceivedRequest[] = [];
  const waiters = new Set<() => void>();
  let count = 0;

  const scriptOf = (path: string) => {
    const pathname = path.split('?', 1)[0] ?? path;
    const own = scripts.get(pathname) ?? { script: options.answer ?? 200, count: 0 };
    scripts.set(pathname, own);
    return own;
  };

  const remember = (request: ReceivedRequest): void => {
    count++;
    requests.push(request);
    if (requests.length > (options.keepLast ?? Infinity)) requests.shift();
    for (const check of waiters) check();
  };

  const server = createServer((message, response) => {
    const serve = async (): Promise<void> => {
      const { body, bodyBytes } = await readBody(message, options.keepBodies ?? true);
      const request: ReceivedRequest = {
        path: message.url ?? '/',
        method: message.method ?? '',
        headers: message.headers,
        rawHeaders: message.rawHeaders,
        body,
        bodyBytes,
        receivedAtMs: Date.now(),
      };
      const own = scriptOf(request.path);
      own.count++;
      const answer = answerOf(own.script, request, own.count);
      remember(request);
      await play(response, answer);
    };
    // A sender that goes away in the middle of a request is not the receiver's failure; a script that throws is a 500.
    serve().catch(() => {
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(500).end('the script of the receiver failed');
    });
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, '127.0.0.1', () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  const { port } = address;

  return {
    port,
    url: (path = '/') => `http://127.0.0.1:${port}${path}`,
    requests,
    get count() {
      return count;
    },
    answer: (path, script) => {
      scripts.set(path, { script, count: 0 });
    },
    received: (condition, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const holds = (): boolean => (typeof condition === 'number' ? count >= condition : condition(requests));
        const check = (): void => {
          if (!holds()) return;
          clearTimeout(timer);
          waiters.delete(check);
          resolve([...requests]);
        };
        const timer = setTimeout(() => {
          waiters.delete(check);
          const wanted = typeof condition === 'number' ? `${condition} requests` : 'the requests';
          reject(new Error(`waited ${timeoutMs} ms for ${wanted}: ${describe(requests, count)}`));
        }, timeoutMs);
        waiters.add(check);
        check();
      }),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};
