import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { brokerRun, isBrokerFine } from './faults/broker.ts';
import { openKillableKafka, type KillableKafka } from './faults/killable-kafka.ts';
import { openRig, type Rig } from './faults/rig.ts';

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

describe('a cluster whose broker is killed under load', () => {
  test('refuses or waits, loses nothing that it accepted, and goes on by itself', async () => {
    const run = await rig.newRun(5);
    const result = await brokerRun(kafka, run, { downSeconds: 3, eventsPerSecond: 100, loadSeconds: 2 });
    run.close();
    console.log(JSON.stringify(result));
    expect(result).toMatchObject({ lost: 0 });
    expect(isBrokerFine(result)).toBe(true);
  }, 120_000);
});
