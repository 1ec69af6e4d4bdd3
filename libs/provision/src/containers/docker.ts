import { existsSync } from 'node:fs';
import http from 'node:http';
import { homedir } from 'node:os';
import path from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a container engine may listen: DOCKER_HOST, or else the usual sockets. The order is that of testcontainers. */
export const engineAddresses = (
  environment: Environment,
  { platform = process.platform, home = homedir() }: { platform?: string; home?: string } = {},
): readonly string[] => {
  const given = environment['DOCKER_HOST'];
  if (given) return [given];
  if (platform === 'win32') return ['npipe:////./pipe/docker_engine'];
  const runtime = environment['XDG_RUNTIME_DIR'];
  return [
    '/var/run/docker.sock',
    ...(runtime ? [path.join(runtime, 'docker.sock')] : []),
    path.join(home, '.docker', 'run', 'docker.sock'),
    path.join(home, '.docker', 'desktop', 'docker.sock'),
  ].map((file) => `unix://${file}`);
};

const requestTo = (address: string): http.RequestOptions | undefined => {
  const local = /^(?:unix|npipe):\/\/(.+)$/.exec(address)?.[1];
  if (local !== undefined) return address.startsWith('npipe') || existsSync(local) ? { socketPath: local } : undefined;
  const url = URL.parse(address.replace(/^tcp:/, 'http:'));
  // An engine behind TLS wants certificates: whoever has those is believed, and testcontainers tells what is wrong.
  return url === null ? undefined : { host: url.hostname, port: url.port || 2375 };
};

const answers = (address: string, limitMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const to = requestTo(address);
    if (to === undefined) return resolve(false);
    const request = http.request({ ...to, path: '/_ping' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.setTimeout(limitMs, () => request.destroy());
    request.on('error', () => resolve(false));
    request.end();
  });

/** Why no container can be started, as a clause; undefined when one can. Takes at most a second. */
export const dockerProblem = async (environment: Environment = process.env): Promise<string | undefined> => {
  if (environment['DOCKER_HOST'] && environment['DOCKER_TLS_VERIFY']) return undefined;
  const found = await Promise.all(engineAddresses(environment).map((address) => answers(address, 1000)));
  return found.includes(true) ? undefined : 'no container engine answers';
};
