import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { problemsOf, textOf } from '../ledger/outcome.ts';
import { openKillableKafka, type KillableKafka } from './faults/killable-kafka.ts';
import { outageRun } from './faults/outages.ts';
import { pauseRun } from './faults/pauses.ts';
import { openRig, type Rig } from './faults/rig.ts';

const pressure = { mix: { fast: 2, slow: 4 }, events: 60, eventsPerSecond: 4 };
let kafka: KillableKafka;
let rig: Rig;

beforeAll(async () => {
  kafka = await openKillableKafka();
  rig = await openRig({ BELLWIRE_KAFKA_BROKERS: kafka.brokers });
});

afterAll(async () => {
  await rig.close();
  await kafka.close();
});

describe('a cluster with queues', () => {
  test('refuses or waits while its broker is killed, for longer than a session, and loses nothing', async () => {
    const outage = { ids: 'F08', title: 'broker killed', how: 'kill', seconds: 14 } as const;
    const outcome = await outageRun(rig.cluster, kafka, { ...outage, ...pressure });
    console.log(textOf(outcome));
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);

  test('loses nothing when its dispatchers pause for longer than a session', async () => {
    const outcome = await pauseRun(rig.cluster, { title: 'pause', seconds: 12, ...pressure });
    console.log(textOf(outcome));
    expect(problemsOf(outcome)).toEqual([]);
  }, 120_000);
});
