import { connect, createServer, type Server, type Socket } from 'node:net';

/** A port that stays while the server behind it comes and goes, and refuses connections while there is none. */
export interface Forwarder {
  port: number;
  /** From now on to this port of 127.0.0.1. */
  open(to: number): Promise<void>;
  /** Ends all connections and listens no more. */
  shut(): Promise<void>;
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });

/** @param to the port of the server that is there at first */
export const openForwarder = async (to: number): Promise<Forwarder> => {
  const sockets = new Set<Socket>();
  let target = to;
  let server: Server;

  const tie = (from: Socket, into: Socket): void => {
    sockets.add(from);
    from.pipe(into);
    from.on('error', () => into.destroy());
    from.on('close', () => {
      sockets.delete(from);
      into.destroy();
    });
  };
  const serve = (): Server =>
    createServer((near) => {
      const far = connect(target, '127.0.0.1');
      tie(near, far);
      tie(far, near);
    });
  server = serve();
  const port = await listen(server, 0);
  return {
    port,
    open: async (next) => {
      target = next;
      server = serve();
      await listen(server, port);
    },
    shut: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
