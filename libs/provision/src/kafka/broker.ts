import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, openServerLog } from '../server-files.ts';
import { javaProgram } from './java.ts';
import { removePidFile, writePidFile } from './leftover.ts';
import { newClusterId } from './nodes.ts';
import { logProperties, serverProperties, startedWord, type KafkaNode, type KafkaSettings } from './properties.ts';

/** A running broker. */
export interface Broker {
  port: number;
  pid: number;
  /** Resolves when the process has ended, whoever ended it. */
  ended: Promise<void>;
  /** In order; after 5 s kill. */
  stop(): Promise<void>;
}

export interface BrokerOptions {
  /** `<dataDir>/kafka`, resolved, held. */
  folder: string;
  jars: string;
  /** @default a free one */
  port: number | undefined;
  heapMb: number;
  settings: KafkaSettings;
  scramUser: { name: string; password: string } | undefined;
  /** @default the only one */
  node: KafkaNode | undefined;
}

const startLimitMs = 60_000;
const stopLimitMs = 5000;

/** Of the JVM: quick to start and modest, for a broker that shares two cores with all the rest. */
const words = ({ folder, jars, heapMb }: BrokerOptions, main: string): string[] => [
  `-Xms${Math.min(256, heapMb)}m`,
  `-Xmx${heapMb}m`,
  '-XX:+UseSerialGC',
  // The optimising compiler takes more than it gives to a broker that lives for minutes: a third of its CPU in the bench.
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.net.preferIPv4Stack=true',
  `-Dlog4j2.configurationFile=${path.join(folder, 'log4j2.properties')}`,
  '-cp',
  path.join(jars, '*'),
  main,
];

const format = (options: BrokerOptions, { clusterId }: KafkaNode, properties: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const user = options.scramUser;
    const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
      user === undefined ? [] : ['--add-scram', `${mechanism}=[name=${user.name},password=${user.password}]`],
    );
    const args = ['format', '--ignore-formatted', '-t', clusterId, '-c', properties, ...scram];
    execFile(javaProgram(), [...words(options, 'kafka.tools.StorageTool'), ...args], (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`Kafka could not format ${options.folder}: ${`${stderr}${stdout}`.trim().slice(0, 1000)}`));
    });
  });

/** Settings and, the first time, the empty log folder. Ports may change from one start to the next. */
const prepare = async (options: BrokerOptions, port: number): Promise<string> => {
  const { folder, settings } = options;
  const data = path.join(folder, 'data');
  const properties = path.join(folder, 'server.properties');
  const node = options.node ?? { id: 1, clusterId: newClusterId(), controllerPorts: [await freePort()] };
  writeFileSync(properties, serverProperties({ data, port, node }, settings), { mode: 0o600 });
  writeFileSync(path.join(folder, 'log4j2.properties'), logProperties);
  if (!existsSync(path.join(data, 'meta.properties'))) await format(options, node, properties);
  return properties;
};

const untilReady = async (said: () => string, child: ChildProcess, hasEnded: () => boolean): Promise<boolean> => {
  for (const end = performance.now() + startLimitMs; performance.now() < end; await sleep(20)) {
    if (hasEnded()) return false;
    if (said().includes(startedWord)) return true;
  }
  child.kill('SIGKILL');
  return false;
};

const stopper = (child: ChildProcess, ended: Promise<void>, hasEnded: () => boolean) => async (): Promise<void> => {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (hasEnded()) return;
    child.kill(signal);
    const limit = new AbortController();
    await Promise.race([ended, sleep(stopLimitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
  }
  await ended;
};

const attempt = async (options: BrokerOptions): Promise<Broker | string> => {
  const { folder } = options;
  const port = options.port ?? (await freePort());
  const properties = await prepare(options, port);
  const logFile = path.join(folder, 'server.log');
  const log = openServerLog(logFile);
  // The group is its own, so that the terminal's Ctrl-C reaches us first and the broker ends when its clients are done.
  const child = spawn(javaProgram(), [...words(options, 'kafka.Kafka'), properties], {
    cwd: folder,
    stdio: ['ignore', log.fd, log.fd],
    detached: true,
  });
  closeSync(log.fd);
  let failure: string | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on('error', (error) => ((failure = error.message), resolve()));
    child.on('exit', (code, signal) => ((failure ??= `it ended with ${code ?? signal}`), resolve()));
  });
  const hasEnded = () => failure !== undefined;
  if (child.pid !== undefined) writePidFile(folder, child.pid);
  // Covers process.exit() anywhere; after a SIGKILL the next start finds the leftover.
  const atExit = () => child.kill('SIGTERM');
  process.once('exit', atExit);
  void ended.then(() => (process.removeListener('exit', atExit), removePidFile(folder)));
  const said = () => readFileSync(logFile).subarray(log.from).toString('utf8');
  if ((await untilReady(said, child, hasEnded)) && child.pid !== undefined)
    return { port, pid: child.pid, ended, stop: stopper(child, ended, hasEnded) };
  await ended;
  return `${failure ?? ''}: ${said().trim().slice(-2000) || 'it said nothing'}`;
};

/**
 * Starts the broker and waits until it serves, recovery of its logs included (at most a minute).
 *
 * @throws {Error} a sentence with what Kafka said.
 */
export const startBroker = async (options: BrokerOptions): Promise<Broker> => {
  let said = '';
  for (let tries = 0; tries < 10; tries++) {
    const result = await attempt(options);
    if (typeof result !== 'string') return result;
    said = result;
    // Another process took a port in between, or a killed broker is still on its way out.
    if (!/Address already in use|Failed to acquire lock|failed to bind/i.test(said)) break;
    await sleep(200);
  }
  throw new Error(`Kafka did not start in ${options.folder}: ${said}`);
};
