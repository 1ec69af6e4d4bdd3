import { afterEach, describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { simulatedLog, topicNames, type SimulatedLog } from '@bellwire/messaging';
import type { Outbox, OutboxRow } from './ports.ts';
import { openPublisher, type Publisher, type PublisherDeps } from './publish-changes.ts';

/** The outbox as Postgres keeps it: what is added is committed, and stays until the log has it. */
const memoryOutbox = () => {
  let rows: OutboxRow[] = [];
  let lastId = 0;
  const batches: number[] = [];
  const outbox: Outbox = {
    take: async (limit, publish) => {
      const taken = rows.toSorted((a, b) => a.id - b.id).slice(0, limit);
      if (taken.length === 0) return 0;
      await publish(taken);
      batches.push(taken.length);
      rows = rows.filter((row) => !taken.includes(row));
      return taken.length;
    },
  };
  const add = (key: string, text: string): number => {
    rows.push({ id: ++lastId, key, value: Buffer.from(text), headers: {} });
    return lastId;
  };
  return { outbox, add, batches, left: () => rows.length };
};

let publisher: Publisher | undefined;
const warnings: unknown[] = [];
const open = (outbox: Outbox, eventLog: PublisherDeps['eventLog'], options: Partial<PublisherDeps> = {}) => {
  const log = { warn: (...line: unknown[]) => void warnings.push(line) };
  publisher = openPublisher({ outbox, eventLog, log, relayMs: 3_600_000, ...options });
  return publisher;
};
afterEach(() => publisher?.close());

const aLog = async (): Promise<SimulatedLog> => {
  const log = simulatedLog();
  await log.topics([{ name: topicNames.registryChanges, partitions: 1, retentionMs: 1000, cleanup: 'compact' }]);
  return log;
};
const texts = (log: SimulatedLog): string[] =>
  log.records(topicNames.registryChanges).map(({ value }) => Buffer.from(value ?? []).toString());
const until = async (isSo: () => boolean): Promise<void> => {
  const end = Date.now() + 5000;
  while (!isSo()) {
    if (Date.now() > end) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('a change in the outbox', () => {
  test('is on the log when the caller goes on, which learns where', async () => {
    const { outbox, add, left } = memoryOutbox();
    const log = await aLog();
    expect(await open(outbox, log).published([add('a', 'one')])).toBe(1);
    expect(texts(log)).toEqual(['one']);
    expect(left()).toBe(0);
  });

  test('shares its write with others that came while one was under way', async () => {
    const { outbox, add, batches } = memoryOutbox();
    const log = await aLog();
    const opened = open(outbox, log);
    const positions = await Promise.all(
      Array.from({ length: 50 }, (_, index) => opened.published([add(`k${index}`, String(index))])),
    );
    expect(new Set(positions).size).toBe(50);
    expect(batches.length).toBeLessThan(4);
  });

  test('goes in order of commits, over several batches', async () => {
    const { outbox, add } = memoryOutbox();
    const log = await aLog();
    const wanted = Array.from({ length: 25 }, (_, index) => String(index));
    const ids = wanted.map((text) => add('a', text));
    expect(await open(outbox, log, { batchSize: 10 }).published(ids.slice(-1))).toBe(25);
    expect(texts(log)).toEqual(wanted);
  });

  test('that another process has published is done, at an unknown place', async () => {
    const { outbox } = memoryOutbox();
    expect(await open(outbox, await aLog()).published([1])).toBeUndefined();
  });
});

describe('while the log is down', () => {
  test('the caller hears it, the change stays, and the relay publishes it later', async () => {
    const { outbox, add, left } = memoryOutbox();
    const log = await aLog();
    log.faults.failProduce(2);
    const opened = open(outbox, log, { relayMs: 5 });
    await expect(opened.published([add('a', 'one')])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    await until(() => left() === 0);
    expect(texts(log)).toEqual(['one']);
    expect(warnings).toEqual([[{ err: expect.any(Fault) }, 'registry.relay_failed']]);
  });

  test('a lost acknowledgement repeats the change before anything newer', async () => {
    const { outbox, add } = memoryOutbox();
    const log = await aLog();
    const opened = open(outbox, log);
    log.faults.loseProduceAck();
    await expect(opened.published([add('a', 'old')])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    await opened.published([add('a', 'new')]);
    expect(texts(log)).toEqual(['old', 'old', 'new']);
  });

  test('a caller does not wait for ever for a log that says nothing', async () => {
    const { outbox, add } = memoryOutbox();
    const held = Promise.withResolvers<void>();
    const log = await aLog();
    const produce: SimulatedLog['produce'] = async (records) => {
      await held.promise;
      return await log.produce(records);
    };
    const opened = open(outbox, { produce }, { waitMs: 20 });
    await expect(opened.published([add('a', 'one')])).rejects.toMatchObject({ reason: 'LOG_UNAVAILABLE' });
    held.resolve();
    await opened.drain();
    expect(texts(log)).toEqual(['one']);
  });
});
