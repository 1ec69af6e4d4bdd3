import type { Scope } from '@bellwire/lifecycle';
import { buildApp, type AppDeps } from './build-app.ts';
import { watchConnections } from './watch-connections.ts';

export interface GatewayDeps extends AppDeps {
  scope: Scope;
  host: string;
  /** 0: a free one. */
  port: number;
  /** Told where the server fails while it runs. */
  onFailure: (error: unknown) => void;
}

/**
 * Calls under way are given this long at the stop: a call to a service ends after 10 s, and the scope waits 15.
 * A test of an endpoint may take longer, and is cut.
 */
const drainMs = 12_000;

/**
 * REST in front of the services. Stateless but for the rate limit: it checks shapes, passes the key on, and the called
 * service decides. At the stop: no new connections, idle ones closed, requests under way answered.
 */
export const startGateway = async ({
  scope,
  host,
  port,
  onFailure,
  ...deps
}: GatewayDeps): Promise<{ port: number }> => {
  const app = await buildApp(deps);
  const closeUnused = watchConnections(app.server);
  scope.own('gateway', {
    close: async () => {
      const cut = setTimeout(() => app.server.closeAllConnections(), drainMs);
      const closing = app.close();
      closeUnused();
      await closing;
      clearTimeout(cut);
    },
  });
  await app.listen({ host, port }).catch((error: unknown) => {
    throw new Error(
      `REST cannot listen on ${host}:${port}: is the port taken? Set another one, or stop what uses it.`,
      {
        cause: error,
      },
    );
  });
  app.server.on('error', onFailure);
  const address = app.server.address();
  if (address === null || typeof address === 'string') throw new Error('the REST server has no port');
  return { port: address.port };
};
