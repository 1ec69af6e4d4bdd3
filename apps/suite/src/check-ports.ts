import { createServer, type Server } from 'node:net';

/** Listens; answers why not where it cannot. */
const listen = (server: Server, host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const onError = (error: Error): void => {
      const code = 'code' in error ? String(error.code) : error.message;
      resolve(code === 'EADDRINUSE' ? 'taken' : code);
    };
    server.once('error', onError).listen({ host, port, exclusive: true }, () => resolve(undefined));
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });

/**
 * Whether every port can be listened on at this moment; one that is wanted twice cannot. A port 0 is any free one.
 *
 * @param ports by the variable that sets it
 * @throws {Error} the list of those that cannot.
 */
export const checkPorts = async (host: string, ports: Readonly<Record<string, number>>): Promise<void> => {
  const servers: Server[] = [];
  const problems: string[] = [];
  for (const [variable, port] of Object.entries(ports)) {
    if (port === 0) continue;
    const server = createServer();
    servers.push(server);
    const problem = await listen(server, host, port);
    if (problem !== undefined) problems.push(`  ${port}  ${problem}  (${variable})`);
  }
  await Promise.all(servers.map(close));
  if (problems.length === 0) return;
  throw new Error(
    `Ports of ${host} that the cluster needs and cannot have:\n${problems.join('\n')}\nStop what uses them, or set others.`,
  );
};
