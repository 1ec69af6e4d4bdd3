import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Settings } from '@bellwire/config';
import type { Scope } from '@bellwire/lifecycle';
import { holdDataFolder, openKafka, openPostgres } from '@bellwire/provision';
import { freePorts } from './free-ports.ts';
import { keptKey } from './generated-keys.ts';
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

/** Finds or starts Kafka and Postgres; what it starts ends with the scope. */
const openStores = async (scope: Scope, settings: Settings, dataDir: string, print: (line: string) => void) => {
  const log = (sentence: string) => print(sentence);
  const [kafka, postgres] = await Promise.all([
    openKafka({ dataDir, givenBrokers: settings.BELLWIRE_KAFKA_BROKERS, log }),
    openPostgres({ dataDir, givenUrl: settings.BELLWIRE_DATABASE_URL, databases: [database], log }),
  ]);
  scope.own('kafka', kafka);
  scope.own('postgres', postgres);
  if (kafka.pid !== undefined) print(`pid kafka ${kafka.pid}`);
  return { brokers: kafka.brokers.join(','), databaseUrl: postgres.url(database) };
};

/** Every service as a process of its own on a real Kafka and a real Postgres; of the dispatcher, two. */
export const startCluster = async ({ scope, settings, print }: ClusterDeps): Promise<Suite> => {
  const held = await holdDataFolder(path.join(settings.BELLWIRE_DATA_DIR, 'cluster'));
  scope.own('data folder', { close: held.release });
  const adminKey = settings.BELLWIRE_ADMIN_KEY ?? keptKey(held.path, 'admin.key');
  const masterKey = settings.BELLWIRE_MASTER_KEY ?? keptKey(held.path, 'master.key');
  const [ports, stores] = await Promise.all([portsFrom(settings), openStores(scope, settings, held.path, print)]);

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
