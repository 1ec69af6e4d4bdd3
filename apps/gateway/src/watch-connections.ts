import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Watches a server's connections; the answer closes those without a request under way. Node's closeIdleConnections spares
 * connections that have not asked for anything yet, which browsers open ahead of need: each would hold up the stop.
 */
export const watchConnections = (server: Server): (() => void) => {
  const underWay = new Map<Socket, number>();

  server.on('connection', (socket: Socket) => {
    underWay.set(socket, 0);
    socket.once('close', () => underWay.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const add = (count: number) => underWay.has(socket) && underWay.set(socket, (underWay.get(socket) ?? 0) + count);
    add(1);
    response.once('close', () => add(-1));
  });
  return () => {
    for (const [socket, count] of underWay) if (count === 0) socket.destroy();
  };
};
