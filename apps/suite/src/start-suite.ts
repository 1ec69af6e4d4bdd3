import { startAudit } from '@bellwire/audit';
import type { Settings } from '@bellwire/config';
import { RegistryServiceService } from '@bellwire/contracts';
import { disablingThrough, historyOf, startDispatcher } from '@bellwire/dispatcher';
import { openSender } from '@bellwire/egress';
import { startGateway } from '@bellwire/gateway';
import { startIngestion } from '@bellwire/ingestion';
import type { Logger, Scope } from '@bellwire/lifecycle';
import { holdDataFolder } from '@bellwire/provision';
import { startRegistry } from '@bellwire/registry';
import { makeAuthenticate, openRegistryView } from '@bellwire/registry-view';
import { openChannel, type RpcChannel } from '@bellwire/rpc';
import { openKeyring } from '@bellwire/secrets';
import { keptKey } from './generated-keys.ts';
import { openStorage } from './storage.ts';

export interface SuiteDeps {
  scope: Scope;
  log: Logger;
  settings: Settings;
  /** A worker that fails ends the process. */
  onFailure(error: unknown): void;
}

export interface Suite {
  adminKey: string;
  ports: { http: number; registry: number; ingestion: number; dispatcher: number; audit: number };
}

const hourMs = 60 * 60 * 1000;

/** Every service in this process, speaking to each other over gRPC and the log, as they do when they are apart. */
export const startSuite = async ({ scope, log, settings, onFailure }: SuiteDeps): Promise<Suite> => {
  const held = await holdDataFolder(settings.BELLWIRE_DATA_DIR);
  scope.own('data folder', { close: held.release });
  const adminKey = settings.BELLWIRE_ADMIN_KEY ?? keptKey(held.path, 'admin.key');
  const masterKey = settings.BELLWIRE_MASTER_KEY ?? keptKey(held.path, 'master.key');

  const { databaseUrl, eventLog } = await openStorage(scope, log, settings);
  const view = scope.own('registry view', await openRegistryView({ log: eventLog }));
  const authenticate = makeAuthenticate({ view, adminKey });
  const clock = { now: () => Date.now() };
  const random = () => Math.random();
  const host = settings.BELLWIRE_HOST;
  const tiers = settings.BELLWIRE_RETRY_TIERS;
  const policy = {
    allowHttp: settings.BELLWIRE_EGRESS_ALLOW_HTTP,
    allowCidrs: settings.BELLWIRE_EGRESS_ALLOW_CIDRS,
  };
  const shared = { scope, clock, eventLog, view, authenticate, host, databaseUrl, onFailure };
  const logFor = (service: string) => ({ log: log.child({ service }) });
  const channelTo = (service: string, port: number): RpcChannel =>
    scope.own(`channel to ${service}`, openChannel(`${host}:${port}`));

  const registry = await startRegistry({
    ...shared,
    ...logFor('registry'),
    port: settings.BELLWIRE_REGISTRY_PORT,
    masterKey,
    urlPolicy: policy,
  });
  const registryChannel = channelTo('registry', registry.port);

  const audit = await startAudit({
    ...shared,
    ...logFor('audit'),
    port: settings.BELLWIRE_AUDIT_PORT,
    retentionDays: settings.BELLWIRE_RETENTION_DAYS,
  });
  const auditChannel = channelTo('audit', audit.port);

  const sender = scope.own('sender', openSender({ policy, connectionsPerOrigin: settings.BELLWIRE_MAX_CONCURRENCY }));
  const dispatcher = await startDispatcher({
    ...shared,
    ...logFor('dispatcher'),
    random,
    keyring: openKeyring({ masterKey }),
    send: sender.send,
    history: historyOf(auditChannel, adminKey),
    disableEndpoint: disablingThrough(registryChannel, adminKey, log),
    port: settings.BELLWIRE_DISPATCHER_PORT,
    roles: settings.BELLWIRE_DISPATCHER_ROLES,
    tiers,
    maxConcurrency: settings.BELLWIRE_MAX_CONCURRENCY,
    maxInFlight: settings.BELLWIRE_MAX_IN_FLIGHT,
    maxDeadlineMs: settings.BELLWIRE_DELIVERY_DEADLINE_HOURS * hourMs,
  });

  const ingestion = await startIngestion({
    ...shared,
    ...logFor('ingestion'),
    port: settings.BELLWIRE_INGESTION_PORT,
    maxPayloadBytes: settings.BELLWIRE_MAX_PAYLOAD_BYTES,
    learnEventTypes: async (tenantId, names) => {
      const request = { tenantId, names: [...names] };
      await registryChannel.unary(RegistryServiceService.learnEventTypes, request, { bearer: adminKey });
    },
  });

  const gateway = await startGateway({
    ...shared,
    ...logFor('gateway'),
    port: settings.BELLWIRE_HTTP_PORT,
    services: {
      registry: registryChannel,
      ingestion: channelTo('ingestion', ingestion.port),
      dispatcher: channelTo('dispatcher', dispatcher.port),
      audit: auditChannel,
    },
    requestsPerMinute: settings.BELLWIRE_REQUESTS_PER_MINUTE,
    maxPayloadBytes: settings.BELLWIRE_MAX_PAYLOAD_BYTES,
    isReady: async () => {
      try {
        await eventLog.endOffsets('events');
        return { ready: true, reasons: [] };
      } catch {
        return { ready: false, reasons: ['The log cannot be reached.'] };
      }
    },
  });

  return {
    adminKey,
    ports: {
      http: gateway.port,
      registry: registry.port,
      ingestion: ingestion.port,
      dispatcher: dispatcher.port,
      audit: audit.port,
    },
  };
};
