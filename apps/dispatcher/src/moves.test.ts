import { afterEach, describe, expect, test } from '@jest/globals';
import { openTwoDispatchers, type Fleet } from './testing/fleet.ts';

// Partitions move while work waits in memory. Every delivery that was accepted arrives, and ends once.

const fleets: Fleet[] = [];

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet.close();
});

const open = async (): Promise<Fleet> => {
  const fleet = await openTwoDispatchers({ endpoints: 8, answersAfterMs: 50, maxConcurrency: 2 });
  fleets.push(fleet);
  return fleet;
};

describe('a backlog behind slow endpoints', () => {
  test('loses nothing and repeats nothing when partitions move away and come back', async () => {
    const fleet = await open();
    await fleet.publish(60);
    await fleet.until('the first deliveries', () => fleet.arrived() > 40);
    // A third one takes a share of the partitions, and gives it back with its queue full.
    for (let round = 0; round < 3; round++) {
      const guest = await fleet.join();
      await fleet.pass(300);
      await guest.stop();
      await fleet.pass(200);
    }
    await fleet.until('all deliveries', () => fleet.ended() === 60 * 8);
    expect(fleet.ledger()).toEqual({ lost: 0, repeated: 0, endedTwice: 0 });
  });

  test('loses nothing when partitions come back from one that is killed with its queue full', async () => {
    const fleet = await open();
    await fleet.publish(60);
    await fleet.until('the first deliveries', () => fleet.arrived() > 40);
    for (let round = 0; round < 2; round++) {
      const guest = await fleet.join();
      await fleet.pass(300);
      guest.kill();
      await fleet.pass(200);
    }
    await fleet.until('all deliveries', () => fleet.ended() === 60 * 8);
    const { lost, repeated } = fleet.ledger();
    expect(lost).toBe(0);
    expect(repeated).toBeLessThanOrEqual(2 * fleet.maxInFlight);
  });

  test('loses nothing when a dispatcher is restarted in order twice, and repeats nothing', async () => {
    const fleet = await open();
    await fleet.publish(60);
    await fleet.until('the first deliveries', () => fleet.arrived() > 40);
    for (let round = 0; round < 2; round++) {
      await fleet.restart(0);
      await fleet.pass(300);
    }
    await fleet.until('all deliveries', () => fleet.ended() === 60 * 8);
    expect(fleet.ledger()).toEqual({ lost: 0, repeated: 0, endedTwice: 0 });
  });

  test('loses nothing when a dispatcher is killed, and repeats at most what was in flight', async () => {
    const fleet = await open();
    await fleet.publish(60);
    await fleet.until('the first deliveries', () => fleet.arrived() > 40);
    fleet.kill(0);
    await fleet.until('all deliveries', () => fleet.ended() === 60 * 8);
    const { lost, repeated } = fleet.ledger();
    expect(lost).toBe(0);
    expect(repeated).toBeLessThanOrEqual(fleet.maxInFlight);
  });
});
