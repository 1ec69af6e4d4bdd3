import { describe, expect, test } from '@jest/globals';
import { DeliveryRecord, EndpointStateRecord } from '@bellwire/contracts';
import { simulatedLog, topicNames, topicSpecs, type Log } from '@bellwire/messaging';
import { makeAttemptMemory } from '../attempts/attempt-memory.ts';
import { makeEndpointControls } from './endpoint-controls.ts';
import { makeEndpointStates } from './endpoint-states.ts';

const clock = { at: 1_000_000, now: () => clock.at };

const ownerOn = async (eventLog: Log) => {
  const unreadable: string[] = [];
  const cut: [string, number][] = [];
  const ours = { value: true };
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
    produce: async (records) => void (await eventLog.produce(records)),
    owns: () => ours.value,
    insist: async (_what, work) => {
      for (let failures = 0; ; failures++) {
        try {
          return await work();
        } catch (error) {
          if (failures === 5) throw error;
        }
      }
    },
    clock,
    onUnreadable: (record) => unreadable.push(record.key),
    onCut: (endpointId, marks) => cut.push([endpointId, marks]),
  });
  await states.prepare(partition);
  return { memory, controls, states, unreadable, cut, ours };
};

const partition = { topic: topicNames.deliveries, partition: 0 };

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
    const first = await ownerOn(eventLog);
    first.states.note(made('d1', 2));
    first.states.note(made('d2', 5, 2));
    await first.states.flush();

    const second = await ownerOn(eventLog);
    expect(second.memory.staleness({ deliveryId: 'd1', round: 1, attempt: 2 })).toBeDefined();
    expect(second.memory.staleness({ deliveryId: 'd1', round: 1, attempt: 3 })).toBeUndefined();
    expect(second.memory.staleness({ deliveryId: 'd2', round: 1, attempt: 6 })).toBeDefined();
    expect(second.memory.staleness({ deliveryId: 'd2', round: 3, attempt: 6 })).toBeUndefined();
    expect(second.memory.staleness({ deliveryId: 'd3', round: 1, attempt: 1 })).toBeUndefined();
  });

  test('that is larger than one record of the log loses its oldest marks, says so, and is written', async () => {
    const eventLog = await openLog();
    const first = await ownerOn(eventLog);
    const ids = Array.from({ length: 400 }, (_, nth) => `d${nth} ${'x'.repeat(5000)}`);
    for (const id of ids) first.states.note(made(id, 2));
    first.states.note({ ...made('other', 2), endpointId: 'ep_2' });
    await first.states.flush();

    const second = await ownerOn(eventLog);
    const isKnown = (deliveryId: string): boolean =>
      second.memory.staleness({ deliveryId, round: 1, attempt: 2 }) !== undefined;
    const lost = ids.filter((id) => !isKnown(id));
    expect(first.cut).toEqual([['ep_1', lost.length]]);
    expect(lost).toEqual(ids.slice(0, lost.length));
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThan(250);
    expect(isKnown('other')).toBe(true);
  });

  test('tells its next owner what was cancelled, for as long as something of it may wait', async () => {
    const eventLog = await openLog();
    const first = await ownerOn(eventLog);
    const dayMs = 24 * 60 * 60 * 1000;
    const written = first.states.noteEnd(made('cancelled', 2), clock.at + 2 * dayMs);
    first.states.note(made('cancelled', 4, 2));
    await first.states.flush();
    await written;
    clock.at += dayMs;
    first.states.note(made('another', 2));
    await first.states.flush();

    const second = await ownerOn(eventLog);
    expect(second.memory.staleness({ deliveryId: 'cancelled', round: 1, attempt: 3 })).toBeDefined();
    expect(second.memory.staleness({ deliveryId: 'cancelled', round: 2, attempt: 5 })).toBeUndefined();
    clock.at += 2 * dayMs;
    second.states.note(made('another', 3));
    await second.states.flush();

    const third = await ownerOn(eventLog);
    const records = eventLog.records(topicNames.endpointState);
    expect(EndpointStateRecord.decode(records.at(-1)?.value ?? new Uint8Array()).marks).toHaveLength(1);
    expect(third.memory.staleness({ deliveryId: 'another', round: 1, attempt: 3 })).toBeDefined();
  });

  test('is written once for all changes between two flushes, and not at all without one', async () => {
    const eventLog = await openLog();
    const { states } = await ownerOn(eventLog);
    for (let attempt = 1; attempt <= 50; attempt++) states.note(made('d1', attempt));
    await states.flush();
    await states.flush();
    expect(eventLog.records(topicNames.endpointState)).toHaveLength(1);
  });

  test('keeps a bounded number of marks, and forgets them after an hour', async () => {
    const eventLog = await openLog();
    const { states } = await ownerOn(eventLog);
    for (let n = 0; n < 600; n++) states.note(made(`d${n}`, 2));
    await states.flush();
    const second = await ownerOn(eventLog);
    expect(second.memory.staleness({ deliveryId: 'd99', round: 1, attempt: 1 })).toBeUndefined();
    expect(second.memory.staleness({ deliveryId: 'd100', round: 1, attempt: 1 })).toBeDefined();
    clock.at += 2 * 60 * 60 * 1000;
    states.note(made('late', 2));
    await states.flush();
    const third = await ownerOn(eventLog);
    expect(third.memory.staleness({ deliveryId: 'late', round: 1, attempt: 2 })).toBeDefined();
  });

  test('is read at once where nothing was ever written', async () => {
    const { memory } = await ownerOn(await openLog());
    expect(memory.staleness({ deliveryId: 'd', round: 1, attempt: 1 })).toBeUndefined();
  });

  test('is written once at a time, as it is at the moment of the write', async () => {
    const eventLog = await openLog();
    const { states } = await ownerOn(eventLog);
    states.note(made('d1', 2));
    eventLog.faults.failProduce(3);
    const first = states.flush();
    states.note(made('d1', 3));
    const second = states.flush();
    states.note(made('d1', 4));
    await Promise.all([first, second, states.flush()]);
    const attempts = eventLog
      .records(topicNames.endpointState)
      .map(({ value }) => EndpointStateRecord.decode(value ?? new Uint8Array()).marks.map(({ attempt }) => attempt));
    // Never an older one after a newer one, and the first write has what had come by then.
    expect(attempts).toEqual(attempts.toSorted(([a = 0], [b = 0]) => a - b));
    expect(attempts.at(-1)).toEqual([4]);
    expect(attempts[0]).not.toEqual([2]);
  });

  test('is removed from the log when it is over, though nothing of the endpoint changes', async () => {
    const eventLog = await openLog();
    const { states } = await ownerOn(eventLog);
    states.note(made('d1', 2));
    await states.flush();
    clock.at += 2 * 60 * 60 * 1000;
    await states.flush();
    expect(eventLog.records(topicNames.endpointState).map(({ value }) => value === null)).toEqual([false, true]);
    // What the owner before has left is removed too.
    states.note(made('d1', 3));
    await states.flush();
    const next = await ownerOn(eventLog);
    clock.at += 2 * 60 * 60 * 1000;
    await next.states.flush();
    expect(eventLog.records(topicNames.endpointState).at(-1)?.value).toBeNull();
  });

  test('is passed over, and told, where it cannot be read', async () => {
    const eventLog = await openLog();
    const first = await ownerOn(eventLog);
    first.states.note(made('d1', 2));
    await first.states.flush();
    await eventLog.produce([{ topic: topicNames.endpointState, key: 'ep_broken', value: Buffer.from([255, 255]) }]);
    const second = await ownerOn(eventLog);
    expect(second.unreadable).toEqual(['ep_broken']);
    expect(second.memory.staleness({ deliveryId: 'd1', round: 1, attempt: 2 })).toBe('attempt_made');
  });

  test("is not written any more when its partition is somebody else's", async () => {
    const eventLog = await openLog();
    const { states, ours } = await ownerOn(eventLog);
    states.note(made('d1', 2));
    eventLog.faults.failProduce(2);
    const flushed = states.flush();
    // While the log is away.
    ours.value = false;
    states.forget(partition);
    states.note(made('d2', 2));
    await flushed;
    await states.flush();
    expect(eventLog.records(topicNames.endpointState)).toEqual([]);
  });

  test('is not written while a partition that has come back is not read: what was known of it would be lost', async () => {
    const eventLog = await openLog();
    let isSlow = false;
    const goOn = Promise.withResolvers<void>();
    const read: Log['read'] = async (options) => {
      if (isSlow) await goOn.promise;
      return eventLog.read(options);
    };
    const { states } = await ownerOn({ ...eventLog, read });
    states.note(made('d1', 2));
    await states.flush();
    states.forget(partition);
    isSlow = true;
    const prepared = states.prepare(partition);
    // An attempt that was under way when it was lost.
    states.note(made('d2', 2));
    const flushed = states.flush();
    goOn.resolve();
    await Promise.all([prepared, flushed]);
    const last = eventLog.records(topicNames.endpointState).at(-1)?.value ?? new Uint8Array();
    const marked = EndpointStateRecord.decode(last).marks.map(({ deliveryId }) => deliveryId);
    expect(marked.toSorted()).toEqual(['d1', 'd2']);
  });

  test('is not read while a write of before is under way: it would be missed', async () => {
    const eventLog = await openLog();
    let isSlow = false;
    const goOn = Promise.withResolvers<void>();
    const produce: Log['produce'] = async (records) => {
      if (isSlow) await goOn.promise;
      return eventLog.produce(records);
    };
    const { states } = await ownerOn({ ...eventLog, produce });
    isSlow = true;
    states.note(made('d1', 2));
    const flushed = states.flush();
    // The partition goes and comes back meanwhile.
    states.forget(partition);
    const prepared = states.prepare(partition);
    await new Promise((resolve) => setImmediate(resolve));
    goOn.resolve();
    await Promise.all([flushed, prepared]);
    states.note(made('d2', 2));
    await states.flush();
    const last = eventLog.records(topicNames.endpointState).at(-1)?.value ?? new Uint8Array();
    expect(EndpointStateRecord.decode(last).marks.map(({ deliveryId }) => deliveryId)).toEqual(['d1', 'd2']);
  });
});
