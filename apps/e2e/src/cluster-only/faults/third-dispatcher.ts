import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from '../../target/start-target.ts';

/** One more dispatcher beside those of a cluster. */
export interface ThirdDispatcher {
  /** From its start until it said that it is ready. */
  readyAfterMs: number;
  /** With SIGTERM; resolves with the exit code. */
  leave(): Promise<number | null>;
  output(): string;
}

const main = fileURLToPath(new URL('../../../../dispatcher/src/main.ts', import.meta.url));
const readyLimitMs = 60_000;

/** What the cluster gives its own dispatchers. */
const settingsOf = ({ env, dataDir, adminKey, grpc }: Target): Record<string, string> => {
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
    BELLWIRE_DISPATCHER_PORT: '0',
  };
};

const ownVariables = (): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWIRE_')));

/** Resolves when it is ready, which is before it has partitions. */
export const joinDispatcher = async (cluster: Target): Promise<ThirdDispatcher> => {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
    env: { ...ownVariables(), ...settingsOf(cluster) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`the third dispatcher ${why}:\n${output}`));
    };
    const timer = setTimeout(() => fail(`was not ready within ${readyLimitMs} ms`), readyLimitMs);
    const onOutput = (chunk: Buffer): void => {
      output += chunk.toString();
      if (!output.includes(' is ready on ')) return;
      clearTimeout(timer);
      resolve();
    };
    child.stdout.on('data', onOutput);
    child.stderr.on('data', onOutput);
    void ended.then((code) => {
      clearTimeout(timer);
      return fail(`ended with ${code}`);
    });
  });
  return {
    readyAfterMs: performance.now() - startedAt,
    leave: () => {
      child.kill('SIGTERM');
      return ended;
    },
    output: () => output,
  };
};
