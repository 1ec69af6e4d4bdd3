import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux, 49152 elsewhere): one of those could take
 * the port of a service while that is started again.
 */
const lowest = 10_240;
const highest = 32_767;
const mostTries = 100;

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

/** Free ports of a host, all different; somebody else may take one before it is used. @throws Error where none is found */
export const freePorts = async (host: string, count: number): Promise<number[]> => {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries === mostTries + count) throw new Error(`There are no ${count} free ports on ${host}.`);
    const port = randomInt(lowest, highest + 1);
    if (!found.has(port) && (await isFree(host, port))) found.add(port);
  }
  return [...found];
};
