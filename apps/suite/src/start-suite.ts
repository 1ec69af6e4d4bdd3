import { composeAudit } from '@bellwire/audit';
import type { Settings } from '@bellwire/config';
import { composeDispatcher } from '@bellwire/dispatcher';
import { composeGateway } from '@bellwire/gateway';
import { composeIngestion } from '@bellwire/ingestion';
import type { Logger, Scope } from '@bellwire/lifecycle';
import { topicNames, type Log } from '@bellwire/messaging';
import { holdDataFolder } from '@bellwire/provision';
import { composeRegistry } from '@bellwire/registry';
import { contextFor, openContext, type ServiceName } from '@bellwire/service';
import { keptKey } from './generated-keys.ts';
import { openStorage } from './storage.ts';

export interface SuiteDeps {
  scope: Scope;
  log: Logger;
  settings: Settings;
  /** A bug: ends the process. */
  onFailure(error: unknown): void;
}

export interface Suite {
  adminKey: string;
  ports: Readonly<Record<ServiceName | 'http', number>>;
}

/** The gateway is ready while events can be accepted. */
const readinessOf = (eventLog: Log) => async (): Promise<{ ready: boolean; reasons: string[] }> => {
  try {
    await eventLog.endOffsets(topicNames.events);
    return { ready: true, reasons: [] };
  } catch {
    return { ready: false, reasons: ['The log cannot be reached.'] };
  }
};

/** Every service in this process, speaking to each other over gRPC and the log, as they do when they are apart. */
export const startSuite = async ({ scope, log, settings, onFailure }: SuiteDeps): Promise<Suite> => {
  const held = await holdDataFolder(settings.BELLWIRE_DATA_DIR);
  scope.own('data folder', { close: held.release });
  const adminKey = settings.BELLWIRE_ADMIN_KEY ?? keptKey(held.path, 'admin.key');
  const masterKey = settings.BELLWIRE_MASTER_KEY ?? keptKey(held.path, 'master.key');
  const storage = await openStorage(scope, { log, settings, onFailure });

  const ports: Record<ServiceName, number> = { registry: 0, ingestion: 0, dispatcher: 0, audit: 0 };
  const addressOf = (service: ServiceName) => `${settings.BELLWIRE_HOST}:${ports[service]}`;
  const context = await openContext({ scope, log, settings, adminKey, masterKey, ...storage, addressOf, onFailure });

  ports.registry = (await composeRegistry(contextFor(context, 'registry'))).port;
  ports.audit = (await composeAudit(contextFor(context, 'audit'))).port;
  ports.dispatcher = (await composeDispatcher(contextFor(context, 'dispatcher'))).port;
  ports.ingestion = (await composeIngestion(contextFor(context, 'ingestion'))).port;
  const gateway = await composeGateway(contextFor(context, 'gateway'), readinessOf(storage.eventLog));
  return { adminKey, ports: { ...ports, http: gateway.port } };
};
