import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from '../../target/start-target.ts';

/** One more process of a service beside those of a cluster. */
export interface ExtraProcess {
  /** host:port of its service. */
  address: string;
  /** From its start until it said that it is ready. */
  readyAfterMs: number;
  /** With SIGTERM; resolves with the exit code. */
  leave(): Promise<number | null>;
  output(): string;
}

const mainOf = (app: string): string => fileURLToPath(new URL(`../../../../${app}/src/main.ts`, import.meta.url));
const readyLimitMs = 60_000;

type App = 'dispatcher' | 'ingestion';

/** What the cluster gives its own. */
const settingsOf = ({ env, dataDir, adminKey, grpc }: Target, app: App): Record<string, string> => {
  const folder = path.join(dataDir, 'cluster');
  const ports = Object.entries(grpc).map(([name, address]) => [
    `BELLWIRE_${name.toUpperCase()}_PORT`,
    address.slice(address.lastIndexOf(':') + 1),
  ]);
  return {
    ...env,
    ...Object.fromEntries(ports),
    BELLWIRE_DATA_DIR: folder,
    BELLWIRE_ADMIN_KEY: adminKey,
    BELLWIRE_MASTER_KEY: readFileSync(path.join(folder, 'master.key'), 'utf8').trim(),
    BELLWIRE_EGRESS_ALLOW_CIDRS: '127.0.0.0/8',
    BELLWIRE_EGRESS_ALLOW_HTTP: 'true',
    [`BELLWIRE_${app.toUpperCase()}_PORT`]: '0',
  };
};

const ownVariables = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWIRE_')));

/**
 * Resolves when it is ready, which for a dispatcher is before it has partitions.
 *
 * @param env beside the settings of the cluster
 */
export const startExtra = async (
  cluster: Target,
  app: App,
  env: Readonly<Record<string, string>> = {},
): Promise<ExtraProcess> => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainOf(app)], {
    env: { ...ownVariables(), ...settingsOf(cluster, app), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const atExit = () => child.kill('SIGTERM');
  process.once('exit', atExit);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  const address = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`the extra ${app} ${why}:\n${output}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${readyLimitMs} ms`), readyLimitMs);
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      const [, said] = / is ready on (\S+)\n/.exec(output) ?? [];
      if (said === undefined) return;
      clearTimeout(timer);
      resolve(said);
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    void ended.then((code) => {
      process.removeListener('exit', atExit);
      clearTimeout(timer);
      return fail(`ended with ${code}`);
    });
  });
  return {
    address,
    readyAfterMs: performance.now() - startedAt,
    leave: () => {
      child.kill('SIGTERM');
      return ended;
    },
    output: () => output,
  };
};
