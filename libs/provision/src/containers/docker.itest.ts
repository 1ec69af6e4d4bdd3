import { afterEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerProblem } from './docker.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bellwire-docker-'));
const socket = path.join(folder, 'docker.sock');
let engine: Server | undefined;

const engineThat = (answer: RequestListener): Promise<void> =>
  new Promise((resolve) => {
    engine = createServer(answer).listen(socket, () => resolve());
  });

afterEach(() => {
  engine?.closeAllConnections();
  engine?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('an engine is known by its answer, and one that hangs does not hold us up', async () => {
  const environment = { DOCKER_HOST: `unix://${socket}` };
  expect(await dockerProblem(environment)).toBe('no container engine answers');
  await engineThat((_request, response) => void response.end('OK'));
  expect(await dockerProblem(environment)).toBeUndefined();
  engine?.removeAllListeners('request').on('request', () => undefined);
  const startMs = performance.now();
  expect(await dockerProblem(environment)).toBe('no container engine answers');
  expect(performance.now() - startMs).toBeLessThan(3000);
});
