import { createServer as createHttp, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import net from 'node:net';

/** A server of a test on the loopback, counting what reaches it. */
export interface TestServer {
  readonly port: number;
  readonly connections: () => number;
  readonly openConnections: () => number;
  readonly requests: () => number;
  close(): Promise<void>;
}

const listen = async (server: net.Server, host: string, port: number): Promise<TestServer> => {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  let requests = 0;
  server.on('request', () => requests++);
  server.on('connection', (socket: net.Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    connections: () => connections,
    openConnections: () => sockets.size,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

export const serveHttp = (listener: RequestListener, host = '127.0.0.1', port = 0): Promise<TestServer> => {
  const server: HttpServer = createHttp(listener);
  return listen(server, host, port);
};

export const serveHttps = (options: ServerOptions, listener: RequestListener): Promise<TestServer> =>
  listen(createHttps(options, listener), '127.0.0.1', 0);

/** Raw TCP: what the listener does with each connection is all that happens. */
export const serveTcp = (listener: (socket: net.Socket) => void): Promise<TestServer> =>
  listen(
    net.createServer((socket) => {
      listener(socket);
      socket.resume();
    }),
    '127.0.0.1',
    0,
  );

/** Waits for a condition, at most 5 s. */
export const until = async (condition: () => boolean): Promise<void> => {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
};
