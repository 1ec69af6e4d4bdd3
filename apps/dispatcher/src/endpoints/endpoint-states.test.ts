import { describe, expect, test } from '@jest/globals';
import { DeliveryRecord, EndpointStateRecord } from '@bellwire/contracts';
import { simulatedLog, topicNames, topicSpecs, type Log } from '@bellwire/messaging';
import { makeAttemptMemory } from '../attempts/attempt-memory.ts';
import { makeEndpointControls } from './endpoint-controls.ts';
import { makeEndpointStates } from './endpoint-states.ts';

const clock = { at: 1_000_000, now: () => clock.at };

const ownerOn = (eventLog: Log) => {
  const memory = makeAttemptMemory(1000);
  const controls = makeEndpointControls({
    clock,
    random: () => 0,
    disableAfterMs: 0,
    onChanged: (endpointId) => states.changed(endpointId),
    onFailing: () => undefined,
    onSlowStart: () => undefined,
  });
  const states = makeEndpointStates({
    eventLog,
    memory,
    controls,
    append: async (records) => void (await eventLog.produce(records)),
    insist: (_what, work) => work(),
    clock,
  });
  return { memory, controls, states };
};

const openLog = async () => {
  const eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 1, tiers: [{ name: '1s', delayMs: 1000 }] }));
  return eventLog;
};

const made = (deliveryId: string, attempt: number, round = 1) =>
  DeliveryRecord.fromPartial({ endpointId: 'ep_1', deliveryId, round, attempt });

describe('the state of an endpoint', () => {
  test('tells its next owner how far deliveries have come', async () => {
    const eventLog = await openLog();
    const first = ownerOn(eventLog);
    first.states.note(made('d1', 2));
    first.states.note(made('d2', 5, 2));
    await first.states.flush();

    const second = ownerOn(eventLog);
    await second.states.prepare({ topic: topicNames.deliveries, partition: 0 });
    expect(second.memory.take({ deliveryId: 'd1', round: 1, attempt: 2 })).toBeUndefined();
    expect(second.memory.take({ deliveryId: 'd1', round: 1, attempt: 3 })).toBe(3);
    expect(second.memory.take({ deliveryId: 'd2', round: 1, attempt: 6 })).toBeUndefined();
    expect(second.memory.take({ deliveryId: 'd2', round: 3, attempt: 6 })).toBe(6);
    expect(second.memory.take({ deliveryId: 'd3', round: 1, attempt: 1 })).toBe(1);
  });

  test('tells its next owner what was cancelled, for as long as something of it may wait', async () => {
    const eventLog = await openLog();
    const first = ownerOn(eventLog);
    const dayMs = 24 * 60 * 60 * 1000;
    const written = first.states.noteEnd(made('cancelled', 2), clock.at + 2 * dayMs);
    first.states.note(made('cancelled', 4, 2));
    await first.states.flush();
    await written;
    clock.at += dayMs;
    first.states.note(made('another', 2));
    await first.states.flush();

    const second = ownerOn(eventLog);
    await second.states.prepare({ topic: topicNames.deliveries, partition: 0 });
    expect(second.memory.take({ deliveryId: 'cancelled', round: 1, attempt: 3 })).toBeUndefined();
    expect(second.memory.take({ deliveryId: 'cancelled', round: 2, attempt: 5 })).toBe(5);
    clock.at += 2 * dayMs;
    second.states.note(made('another', 3));
    await second.states.flush();

    const third = ownerOn(eventLog);
    const records = eventLog.records(topicNames.endpointState);
    expect(EndpointStateRecord.decode(records.at(-1)?.value ?? new Uint8Array()).marks).toHaveLength(1);
    await third.states.prepare({ topic: topicNames.deliveries, partition: 0 });
    expect(third.memory.take({ deliveryId: 'another', round: 1, attempt: 3 })).toBeUndefined();
  });

  test('is written once for all changes between two flushes, and not at all without one', async () => {
    const eventLog = await openLog();
    const { states } = ownerOn(eventLog);
    for (let attempt = 1; attempt <= 50; attempt++) states.note(made('d1', attempt));
    await states.flush();
    await states.flush();
    expect(eventLog.records(topicNames.endpointState)).toHaveLength(1);
  });

  test('keeps a bounded number of marks, and forgets them after an hour', async () => {
    const eventLog = await openLog();
    const { states } = ownerOn(eventLog);
    for (let n = 0; n < 600; n++) states.note(made(`d${n}`, 2));
    await states.flush();
    const second = ownerOn(eventLog);
    await second.states.prepare({ topic: topicNames.deliveries, partition: 0 });
    expect(second.memory.take({ deliveryId: 'd99', round: 1, attempt: 1 })).toBe(1);
    expect(second.memory.take({ deliveryId: 'd100', round: 1, attempt: 1 })).toBeUndefined();
    clock.at += 2 * 60 * 60 * 1000;
    states.note(made('late', 2));
    await states.flush();
    const third = ownerOn(eventLog);
    await third.states.prepare({ topic: topicNames.deliveries, partition: 0 });
    expect(third.memory.take({ deliveryId: 'late', round: 1, attempt: 2 })).toBeUndefined();
  });

  test('is read at once where nothing was ever written', async () => {
    const { states } = ownerOn(await openLog());
    await expect(states.prepare({ topic: topicNames.deliveries, partition: 0 })).resolves.toBeUndefined();
  });
});
