import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { z } from 'zod';

interface Port {
  server: Server;
  sockets: Set<Socket>;
}

/** Ports of 127.0.0.1 that can be closed, as those of a receiver that is down, and opened again. */
export const makePorts = (onConnection: (socket: Socket) => void) => {
  const open = new Map<number, Port>();
  return {
    /** @returns the port: the given one, or one that was free */
    listen: (wanted = 0): Promise<number> =>
      new Promise((resolve, reject) => {
        const sockets = new Set<Socket>();
        const server = createServer((socket) => {
          sockets.add(socket);
          socket.once('close', () => sockets.delete(socket));
          onConnection(socket);
        });
        server.once('error', reject);
        server.listen(wanted, '127.0.0.1', () => {
          const address: AddressInfo | string | null = server.address();
          const { port } = z.object({ port: z.number() }).parse(address);
          open.set(port, { server, sockets });
          resolve(port);
        });
      }),
    close: (port: number): Promise<void> =>
      new Promise((resolve) => {
        const found = open.get(port);
        if (found === undefined) return resolve();
        open.delete(port);
        found.server.close(() => resolve());
        for (const socket of found.sockets) socket.destroy();
      }),
  };
};
