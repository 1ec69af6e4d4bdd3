import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runSystems } from '../long/systems/run-systems.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const events = 50;
const dataDir = newDataDir();
let target: Target;

beforeAll(async () => {
  target = await startTarget({ dataDir });
});

afterAll(async () => {
  await target.kill('SIGTERM');
  removeDataDir(dataDir);
});

test('receivers of all systems at once accept every request, miss none, and get nothing of another user', async () => {
  const results = await runSystems(target, events);
  const fine = { published: events, delivered: events, rejected: 0, malformed: 0, astray: 0, lost: 0, notShown: 0 };
  expect(results).toMatchObject(
    [
      { system: 'contribux', types: 8, tests: 2 },
      { system: 'roleready', types: 7, tests: 0 },
      { system: 'aifai', types: 1, tests: 0 },
      { system: 'hub', types: 6, tests: 0 },
      { system: 'notely', types: 17, tests: 0 },
      { system: 'standard', types: 3, tests: 0 },
    ].map((system) => ({ ...system, ...fine })),
  );
});
