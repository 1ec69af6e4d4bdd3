import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isPostgresFine, postgresRun } from './faults/postgres.ts';
import { openRig, type Rig } from './faults/rig.ts';
import { openStoppablePostgres, type StoppablePostgres } from './faults/stoppable-postgres.ts';

const options = { downSeconds: 10, eventsPerSecond: 50, loadSeconds: 2 };
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
    const run = await rig.newRun(5);
    const result = await postgresRun(rig, postgres, run, options);
    run.close();
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({ lost: 0, ended: 0, auditMissing: 0, listed: result.deliveries });
    expect(isPostgresFine(result, options)).toBe(true);
  }, 120_000);
});
