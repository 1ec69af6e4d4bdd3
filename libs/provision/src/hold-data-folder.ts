import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** The right to use a data folder; ends with `release()` or with the process, however that ends. */
export interface HeldFolder {
  /** Resolved: no links, absolute. */
  path: string;
  release(): Promise<void>;
}

const socketNameLimit = 100;

/**
 * Where the holder listens. On Linux first a name that is no file, which the kernel frees and which two starters cannot
 * both get; then a file in the folder, which two containers on one volume both see. Socket paths hold about 104 bytes.
 */
const addressesOf = (folder: string): readonly string[] => {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  if (process.platform === 'win32') return [`\\\\.\\pipe\\bellwire-${hash}`];
  const inFolder = path.join(folder, 'lock.sock');
  const file = Buffer.byteLength(inFolder) <= socketNameLimit ? inFolder : `/tmp/bellwire-${hash}.sock`;
  return process.platform === 'linux' ? [`\0bellwire-${hash}`, file] : [file];
};

const listen = (address: string): Promise<net.Server | string> =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(String(process.pid));
    });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });

/** The pid of who listens there, `unknown` when it is too busy to say, undefined when nobody does. */
const holderOf = (address: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = net.connect(address);
    let said = '';
    let connected = false;
    socket.setTimeout(500, () => socket.destroy());
    socket.on('connect', () => (connected = true));
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(connected ? said || 'unknown' : undefined));
  });

const close = (server: net.Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

/** A listener, or the pid of the present one. A file system without sockets (some shared folders) leaves it at the rest. */
const take = async (address: string): Promise<net.Server | { pid: string } | undefined> => {
  for (let tries = 0; tries < 3; tries++) {
    const result = await listen(address);
    if (typeof result !== 'string') return result;
    if (result !== 'EADDRINUSE') return undefined;
    const pid = await holderOf(address);
    if (pid !== undefined) return { pid };
    if (address.startsWith('/')) rmSync(address, { force: true });
  }
  return { pid: 'unknown' };
};

/**
 * One process per data folder. Makes the folder (0700) when it is absent.
 *
 * @throws {Error} a sentence with the folder and the pid of its holder.
 */
export const holdDataFolder = async (dataDir: string): Promise<HeldFolder> => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const folder = realpathSync(dataDir);
  const servers: net.Server[] = [];
  const release = async () => {
    await Promise.all(servers.splice(0).map(close));
  };
  for (const address of addressesOf(folder)) {
    const taken = await take(address);
    if (taken instanceof net.Server) servers.push(taken);
    else if (taken !== undefined) {
      await release();
      const who = taken.pid === 'unknown' ? 'another process' : `process ${taken.pid}`;
      throw new Error(`The data folder ${folder} is in use by ${who}. Stop it, or choose another folder.`);
    }
  }
  if (servers.length === 0)
    throw new Error(`The data folder ${folder} cannot be locked: no socket can be opened for it.`);
  return { path: folder, release };
};
