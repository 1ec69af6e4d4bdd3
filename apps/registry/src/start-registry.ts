import { randomBytes } from 'node:crypto';
import { RegistryServiceService } from '@bellwire/contracts';
import type { Clock, Principal } from '@bellwire/domain';
import type { EgressPolicy } from '@bellwire/egress';
import { toFault } from '@bellwire/errors';
import type { Logger, Scope } from '@bellwire/lifecycle';
import type { Log } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import { makeHandlers, serveGrpc } from '@bellwire/rpc';
import { openKeyring } from '@bellwire/secrets';
import { makeCommit } from './commit-changes.ts';
import { openPublisher } from './publish-changes.ts';
import { makeReconcileLog } from './reconcile-log.ts';
import { untilDone } from './until-done.ts';
import { registryService } from './rpc/registry-service.ts';
import { makeEndpointSeal } from './seal-endpoint.ts';
import { openStore } from './store/open-store.ts';

export interface RegistryDeps {
  /** Owns what registry opens. */
  scope: Scope;
  log: Logger;
  clock: Clock;
  /** Has the topic registry-changes. */
  eventLog: Log;
  /** Of registry-changes; shared with the other services of the process. */
  view: RegistryView;
  /** @throws Fault MISSING_KEY or UNKNOWN_KEY */
  authenticate: (bearer: string) => Promise<Principal>;
  host: string;
  /** 0: a free one. */
  port: number;
  /** The schema registry of it is brought up to date. */
  databaseUrl: string;
  /** Seals secrets and header values. */
  masterKey: string;
  /** Which URLs an endpoint may have. */
  urlPolicy: EgressPolicy;
  /** Of one tenant. */
  maxEndpoints: number;
  /** Told of a bug after which the process should end. */
  onFailure: (error: unknown) => void;
  /** How often what a crash or an outage has left is published again. @default 3000 */
  relayMs?: number;
}

const service = 'bellwire.registry.v1.RegistryService';

/**
 * Starts registry: migrates its schema, publishes what the log does not have, serves its RPCs.
 *
 * @throws Error where the port is taken or the schema cannot be migrated; Fault DATABASE_UNAVAILABLE
 */
export const startRegistry = async (deps: RegistryDeps): Promise<{ port: number }> => {
  const { scope, log, clock, eventLog, view, authenticate, host, databaseUrl, urlPolicy, onFailure, relayMs } = deps;
  const seal = makeEndpointSeal(openKeyring({ masterKey: deps.masterKey }));
  const store = scope.own('registry store', await openStore({ databaseUrl }));
  const publisher = scope.own('registry publisher', openPublisher({ outbox: store.outbox, eventLog, log, relayMs }));
  const commit = makeCommit({ store, publisher, view });

  const reconcileLog = makeReconcileLog({ store, commit, view, log });
  const reconciling = scope.own(
    'registry reconciliation',
    untilDone({
      run: async () => {
        await publisher.drain();
        await reconcileLog();
      },
      retryMs: relayMs ?? 3000,
      shouldRetry: (error) => toFault(error).kind === 'unavailable',
      onRetry: (error) => log.warn({ err: error }, 'registry.reconciliation_failed'),
    }),
  );
  // While log or database is away the rest goes on: reads and refusals need no log.
  reconciling.ended.catch(onFailure);
  await reconciling.firstTry;

  const onBug = (error: unknown, method: string): void => log.error({ err: error, method }, 'rpc.failed');
  const handlers = makeHandlers({ service, authenticate, onBug });
  const { maxEndpoints } = deps;
  const writing = { commit, clock, seal, urlPolicy, randomBytes, maxEndpoints };
  const implementation = registryService({ handlers, store, view, ...writing });
  const server = await serveGrpc({
    host,
    port: deps.port,
    service,
    definition: RegistryServiceService,
    implementation: { ...implementation },
  });
  scope.own('registry server', server);
  log.info({ port: server.port }, 'registry.started');
  return { port: server.port };
};
