import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '@bellwire/config';
import type { Scope } from '@bellwire/lifecycle';
import { holdDataFolder, openEmbeddedPostgres, openKafka, openLocalKafka, openPostgres } from '@bellwire/provision';
import { checkKafka } from './check-kafka.ts';
import { checkPorts } from './check-ports.ts';
import { freePorts } from './free-ports.ts';
import { keptKey } from './generated-keys.ts';
import { keepRunning } from './keep-running.ts';
import type { Suite } from './start-suite.ts';
import { openSupervisor, type ProcessSpec } from './supervisor.ts';

export interface ClusterDeps {
  scope: Scope;
  settings: Settings;
  /** A line for people. */
  print(line: string): void;
}

const database = 'bellwire';
const mainOf = (app: string): string => fileURLToPath(new URL(`../../${app}/src/main.ts`, import.meta.url));

/** The ports of the settings, and free ones in the place of each 0. The second dispatcher takes a free one. */
const portsFrom = async (settings: Settings) => {
  const { BELLWIRE_HOST: host } = settings;
  const free = await freePorts(host, 6);
  const choose = (port: number): number => (port === 0 ? (free.pop() ?? 0) : port);
  return {
    http: choose(settings.BELLWIRE_HTTP_PORT),
    registry: choose(settings.BELLWIRE_REGISTRY_PORT),
    ingestion: choose(settings.BELLWIRE_INGESTION_PORT),
    dispatcher: choose(settings.BELLWIRE_DISPATCHER_PORT),
    secondDispatcher: free.pop() ?? 0,
    audit: choose(settings.BELLWIRE_AUDIT_PORT),
  };
};

/** Of the second dispatcher there is none: it always takes a free one. */
const settablePorts = (settings: Settings) => ({
  BELLWIRE_HTTP_PORT: settings.BELLWIRE_HTTP_PORT,
  BELLWIRE_REGISTRY_PORT: settings.BELLWIRE_REGISTRY_PORT,
  BELLWIRE_INGESTION_PORT: settings.BELLWIRE_INGESTION_PORT,
  BELLWIRE_DISPATCHER_PORT: settings.BELLWIRE_DISPATCHER_PORT,
  BELLWIRE_AUDIT_PORT: settings.BELLWIRE_AUDIT_PORT,
});

interface StoreDeps {
  scope: Scope;
  settings: Settings;
  dataDir: string;
  print(line: string): void;
}

const openBroker = async ({ scope, settings, dataDir, print }: StoreDeps): Promise<string> => {
  const options = { dataDir, log: print };
  const kafka = await openKafka({ ...options, givenBrokers: settings.BELLWIRE_KAFKA_BROKERS });
  const { local } = kafka;
  const reopen = () => openLocalKafka({ ...options, port: local?.port });
  scope.own('kafka', local === undefined ? kafka : keepRunning(local, { name: 'kafka', open: reopen, print }));
  return kafka.brokers.join(',');
};

const openTables = async ({ scope, settings, dataDir, print }: StoreDeps): Promise<string> => {
  const options = { dataDir, databases: [database], log: print };
  const postgres = await openPostgres({ ...options, givenUrl: settings.BELLWIRE_DATABASE_URL });
  const { embedded } = postgres;
  const reopen = () => openEmbeddedPostgres({ ...options, port: embedded?.port });
  scope.own(
    'postgres',
    embedded === undefined ? postgres : keepRunning(embedded, { name: 'postgres', open: reopen, print }),
  );
  return postgres.url(database);
};

/** Finds or starts Kafka and Postgres; what it starts from local programs is kept running, and ends with the scope. */
const openStores = async (deps: StoreDeps) => {
  const { settings } = deps;
  if (settings.BELLWIRE_KAFKA_BROKERS.length > 0) await checkKafka(settings);
  const [brokers, databaseUrl] = await Promise.all([openBroker(deps), openTables(deps)]);
  return { brokers, databaseUrl };
};

/**
 * Every service as a process of its own on a real Kafka and a real Postgres; of the dispatcher, two.
 *
 * @throws {Error} a sentence or a list, before anything is started: ports are taken, no Kafka is where it was said to be.
 */
export const startCluster = async ({ scope, settings, print }: ClusterDeps): Promise<Suite> => {
  await checkPorts(settings.BELLWIRE_HOST, settablePorts(settings));
  const held = await holdDataFolder(path.join(settings.BELLWIRE_DATA_DIR, 'cluster'));
  scope.own('data folder', { close: held.release });
  const adminKey = settings.BELLWIRE_ADMIN_KEY ?? keptKey(held.path, 'admin.key');
  const masterKey = settings.BELLWIRE_MASTER_KEY ?? keptKey(held.path, 'master.key');
  const [ports, stores] = await Promise.all([
    portsFrom(settings),
    openStores({ scope, settings, dataDir: held.path, print }),
  ]);

  const host = settings.BELLWIRE_HOST;
  const env = {
    BELLWIRE_DATA_DIR: held.path,
    BELLWIRE_ADMIN_KEY: adminKey,
    BELLWIRE_MASTER_KEY: masterKey,
    BELLWIRE_KAFKA_BROKERS: stores.brokers,
    BELLWIRE_DATABASE_URL: stores.databaseUrl,
    BELLWIRE_HTTP_PORT: String(ports.http),
    BELLWIRE_REGISTRY_PORT: String(ports.registry),
    BELLWIRE_INGESTION_PORT: String(ports.ingestion),
    BELLWIRE_DISPATCHER_PORT: String(ports.dispatcher),
    BELLWIRE_AUDIT_PORT: String(ports.audit),
    // Whichever of the two is up.
    BELLWIRE_DISPATCHER_ADDRESS: `ipv4:${host}:${ports.dispatcher},${host}:${ports.secondDispatcher}`,
    BELLWIRE_EGRESS_ALLOW_CIDRS: settings.BELLWIRE_EGRESS_ALLOW_CIDRS.join(','),
    BELLWIRE_EGRESS_ALLOW_HTTP: String(settings.BELLWIRE_EGRESS_ALLOW_HTTP),
  };
  const specOf = (name: string, app: string, more: Record<string, string> = {}): ProcessSpec => ({
    name,
    main: mainOf(app),
    env: { ...env, ...more },
  });
  const supervisor = scope.own('processes', openSupervisor({ print }));
  // Started in this order, stopped in the other: the gateway first.
  await Promise.all([
    supervisor.start(specOf('registry', 'registry')),
    supervisor.start(specOf('audit', 'audit')),
    supervisor.start(specOf('dispatcher-1', 'dispatcher')),
    supervisor.start(
      specOf('dispatcher-2', 'dispatcher', { BELLWIRE_DISPATCHER_PORT: String(ports.secondDispatcher) }),
    ),
    supervisor.start(specOf('ingestion', 'ingestion')),
    supervisor.start(specOf('gateway', 'gateway')),
  ]);
  return { adminKey, ports };
};
