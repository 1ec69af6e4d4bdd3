import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problemsOf, textOf } from '../ledger/outcome.ts';
import { postgresRun } from './faults/postgres.ts';
import { openRig, type Rig } from './faults/rig.ts';
import { openStoppablePostgres, type StoppablePostgres } from './faults/stoppable-postgres.ts';

let postgres: StoppablePostgres;
let rig: Rig;

beforeAll(async () => {
  postgres = await openStoppablePostgres();
  rig = await openRig({ BELLWIRE_DATABASE_URL: postgres.url });
});

afterAll(async () => {
  await rig.close();
  await postgres.close();
});

describe('a cluster whose Postgres is stopped under load', () => {
  test('goes on publishing and delivering, and shows every delivery afterwards', async () => {
    const pressure = { mix: { fast: 2, slow: 4 }, events: 40, eventsPerSecond: 4 };
    const outcome = await postgresRun(rig.cluster, postgres, { seconds: 10, ...pressure });
    console.log(textOf(outcome));
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);
});
