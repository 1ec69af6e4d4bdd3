import type { IngestionServiceServer } from '@bellwire/contracts';
import type { Principal } from '@bellwire/domain';
import type { Logger, Scope } from '@bellwire/lifecycle';
import type { Log } from '@bellwire/messaging';
import { makeHandlers, serveGrpc } from '@bellwire/rpc';
import type { AcceptEvents } from './accept-events.ts';
import { openAcceptance } from './open-acceptance.ts';
import type { Catalogue, Clock } from './ports.ts';
import { makePublishBatch } from './rpc/publish-batch.ts';
import { makePublishStream } from './rpc/publish-stream.ts';
import { makePublish } from './rpc/publish.ts';
import { strictIngestionService } from './rpc/strict-text.ts';
import { openStore } from './store/open-store.ts';
import { expireReservations } from './workers/expire-reservations.ts';
import { makeLogHealth, type LogHealth } from './workers/log-health.ts';

export interface IngestionDeps {
  /** Owns what ingestion opens. */
  scope: Scope;
  log: Logger;
  clock: Clock;
  /** By it reservations are over. @default clock */
  expiryClock?: Clock;
  /** Has the topic events. */
  eventLog: Log;
  /** Registry's state; shared with the other services of the process. */
  view: Catalogue;
  /** @throws Fault MISSING_KEY or UNKNOWN_KEY */
  authenticate: (bearer: string) => Promise<Principal>;
  host: string;
  /** 0: a free one. */
  port: number;
  /** The schema ingestion of it is brought up to date, when it is reachable. */
  databaseUrl: string;
  /** Largest data of an event, in bytes as published. */
  maxPayloadBytes: number;
  /** Calls registry for types that were met first; may fail, and is tried again. */
  learnEventTypes: (tenantId: string, names: readonly string[]) => Promise<void>;
  /** Told of a failure after which the process should end. */
  onFailure: (error: unknown) => void;
}

const service = 'bellwire.ingestion.v1.IngestionService';
// A full batch of ordinary events; 1,000 events of the largest payload do not fit, and need not.
const maxMessageBytes = 8 * 1024 * 1024;

/** Acceptance on the store of this process. */
const openStoredAcceptance = async (deps: IngestionDeps, logHealth: LogHealth): Promise<AcceptEvents> => {
  const { scope, log, clock, expiryClock = clock, databaseUrl, onFailure } = deps;
  const { reservations } = scope.own('ingestion store', await openStore({ databaseUrl, log, onFailure }));
  scope.own('reservation expiry', expireReservations({ reservations, clock: expiryClock, log }));
  return openAcceptance({ ...deps, reservations, eventLog: logHealth });
};

/**
 * Starts ingestion: accepts events over gRPC, and answers when the log has them. Its health says NOT_SERVING while the log
 * takes no writes; that Postgres is away does not count.
 *
 * @throws Error where the port is taken or the schema cannot be migrated
 */
export const startIngestion = async (deps: IngestionDeps): Promise<{ port: number }> => {
  const { scope, log, eventLog, authenticate, host } = deps;
  const logHealth = makeLogHealth({ eventLog, stopwatch: performance });
  const acceptEvents = await openStoredAcceptance(deps, logHealth);
  const onBug = (error: unknown, method: string): void => log.error({ err: error, method }, 'rpc.failed');
  const handlers = makeHandlers({ service, authenticate, onBug });
  const stopping = new AbortController();
  const publishStream = makePublishStream({
    acceptEvents,
    stopping: stopping.signal,
    onBug: (error) => onBug(error, 'PublishStream'),
  });
  const implementation: IngestionServiceServer = {
    publish: handlers.unary('Publish', makePublish(acceptEvents)),
    publishBatch: handlers.unary('PublishBatch', makePublishBatch(acceptEvents)),
    publishStream: handlers.duplex('PublishStream', publishStream),
  };
  const server = await serveGrpc({
    host,
    port: deps.port,
    service,
    definition: strictIngestionService,
    implementation,
    maxMessageBytes,
  });
  scope.own('ingestion server', server);
  scope.own('ingestion streams', { close: () => stopping.abort() });
  const onHealth = (isWritable: boolean): void => {
    log[isWritable ? 'info' : 'warn']({ writable: isWritable }, 'log.health');
    server.setServing(isWritable);
  };
  scope.own('log health', logHealth.follow(onHealth));
  log.info({ port: server.port }, 'ingestion.started');
  return { port: server.port };
};
