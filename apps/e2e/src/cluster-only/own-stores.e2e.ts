import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newTenant, until, type Api } from '../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const dataDir = newDataDir();
let cluster: Target;
let api: Api;

beforeAll(async () => {
  // No addresses and no Docker: the launcher starts both from local programs.
  const env = { BELLWIRE_KAFKA_BROKERS: '', BELLWIRE_DATABASE_URL: '', DOCKER_HOST: 'unix:///nonexistent' };
  cluster = await startTarget({ kind: 'cluster', dataDir, env });
  api = (await newTenant(cluster.rest, cluster.adminKey)).api;
});

afterAll(async () => {
  await cluster.kill('SIGTERM');
  removeDataDir(dataDir);
});

const publish = async (): Promise<number> => (await api.raw('POST', '/v1/events', { type: 'a.b', data: 1 })).status;
const readiness = async (): Promise<number> => (await api.raw('GET', '/readyz')).status;

/** Kills the server, and resolves with what readiness came to until another is there. */
const killed = async (name: string): Promise<Set<number>> => {
  const pid = cluster.pidOf(name);
  process.kill(pid, 'SIGKILL');
  const seen = new Set<number>();
  await until(
    `another ${name}`,
    async () => {
      seen.add(await readiness());
      return cluster.pidOf(name) === pid ? undefined : true;
    },
    30_000,
  );
  return seen;
};

describe('a server that the cluster started itself and that is killed', () => {
  test('comes back if it is Kafka, and meanwhile the cluster is not ready', async () => {
    expect(await publish()).toBe(202);
    expect(await killed('kafka')).toContain(503);
    await until('an accepted event', async () => ((await publish()) === 202 ? true : undefined), 30_000);
    expect(await readiness()).toBe(200);
  }, 90_000);

  test('comes back if it is Postgres, and the cluster stays ready', async () => {
    expect(await killed('postgres')).toEqual(new Set([200]));
    const list = async () => ((await api.raw('GET', '/v1/endpoints')).status === 200 ? true : undefined);
    await until('a list of endpoints', list, 30_000);
  }, 90_000);
});
