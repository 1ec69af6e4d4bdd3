import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { holdDataFolder } from './hold-data-folder.ts';
import { findBinaries, linkLibraries } from './postgres/binaries.ts';
import { openCluster, type PostgresSettings } from './postgres/cluster.ts';
import { ensureDatabases, ownerPassword, ownerRole } from './postgres/databases.ts';
import { stopLeftover } from './postgres/leftover.ts';
import { findRunner, giveTree } from './postgres/runner.ts';
import { startServer, type Server } from './postgres/server.ts';

export interface EmbeddedPostgresOptions {
  /** Everything lies in its folder `postgres`: files, password, server.log. Made when absent. */
  dataDir: string;
  /** Made when absent, owned by the role `bellwire`. */
  databases: readonly string[];
  /** Of 127.0.0.1; give the same one again so that clients of a server that was killed find the next. @default a free one */
  port?: number;
  /** Over our own, named as in postgresql.conf. */
  settings?: PostgresSettings;
  /** Told in sentences what takes time or goes wrong. */
  log?: (sentence: string) => void;
  /** Told when the server has ended by itself; it is not started again. */
  onEnded?: () => void;
}

export interface EmbeddedPostgres {
  /** For services: the role `bellwire`, owner of the databases, not a superuser. */
  url(database: string): string;
  /** For maintenance and tests; database `postgres` by default. */
  superuserUrl(database?: string): string;
  port: number;
  /** Of the server: to be killed by tests. */
  pid: number;
  /** Resolves when the server has ended, whoever ended it; close it before the folder is opened again. */
  ended: Promise<void>;
  /** Ends all sessions and the server; may be called twice. */
  close(): Promise<void>;
}

const folderIn = (dataDir: string): { top: string; folder: string } => {
  mkdirSync(path.join(dataDir, 'postgres'), { recursive: true, mode: 0o700 });
  const top = realpathSync(dataDir);
  return { top, folder: path.join(top, 'postgres') };
};

interface StartOptions {
  top: string;
  folder: string;
  port: number | undefined;
  settings: PostgresSettings;
  log: (sentence: string) => void;
}

const start = async ({ top, folder, port, settings, log }: StartOptions): Promise<[Server, string]> => {
  if (await stopLeftover(path.join(folder, 'data'))) log(`Stopped a Postgres that a killed process left in ${folder}.`);
  const binaries = findBinaries();
  const libraries = linkLibraries(binaries.native, path.join(folder, 'lib'));
  const runner = findRunner(top, binaries.postgres);
  giveTree(folder, runner.owner);
  const cluster = await openCluster({ folder, binaries, runner, libraries, settings });
  return [await startServer(cluster, path.join(folder, 'server.log'), port), cluster.password];
};

/**
 * A Postgres of our own from the binaries of an npm package: on 127.0.0.1, with a password, for one process. About a
 * second the first time, a fifth of one later. A server left by a killed process is stopped first.
 *
 * @throws {Error} a sentence: no binaries for this platform, the folder is in use, or what Postgres said.
 */
export const openEmbeddedPostgres = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const log = options.log ?? (() => undefined);
  const { top, folder } = folderIn(options.dataDir);
  const held = await holdDataFolder(folder);
  let server: Server | undefined;
  let closing: Promise<void> | undefined;
  const end = async () => {
    await server?.stop();
    await held.release();
  };
  const close = (): Promise<void> => (closing ??= end());
  const watch = async (running: Server) => {
    await running.ended;
    if (closing !== undefined) return;
    log(`Postgres in ${folder} ended by itself; see ${path.join(folder, 'server.log')}.`);
    options.onEnded?.();
  };
  try {
    const [started, password] = await start({ top, folder, port: options.port, settings: options.settings ?? {}, log });
    server = started;
    void watch(started);
    const at = `127.0.0.1:${started.port}`;
    const owner = ownerPassword(password);
    const superuserUrl = (database = 'postgres') => `postgres://postgres:${password}@${at}/${database}`;
    await ensureDatabases({ superuserUrl: superuserUrl(), password: owner, databases: options.databases });
    const url = (database: string) => `postgres://${ownerRole}:${owner}@${at}/${database}`;
    return { url, superuserUrl, port: started.port, pid: started.pid, ended: started.ended, close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** Stops the server that a killed process left in `dataDir`, if there is one; for who is about to remove the folder. */
export const stopLeftoverPostgres = async (dataDir: string): Promise<void> => {
  const folder = path.join(dataDir, 'postgres');
  if (!existsSync(folder)) return;
  const held = await holdDataFolder(folder);
  try {
    await stopLeftover(path.join(held.path, 'data'));
  } finally {
    await held.release();
  }
};
