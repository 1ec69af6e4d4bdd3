import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, join, spec } from '../conformance/describe-log.ts';
import { record, texts } from '../conformance/recorder.ts';
import type { DroppedRecords } from '../dropped-records.ts';
import { openEmbeddedLog, type EmbeddedLog } from './embedded-log.ts';
import { makeDatabase, type TestDatabase } from './test-database.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

describe('what the embedded log keeps', () => {
  let database: TestDatabase;
  let log: EmbeddedLog;
  let stopwatch: { ms: number; now(): number };
  let dropped: DroppedRecords[];

  const open = (): Promise<EmbeddedLog> =>
    openEmbeddedLog({
      connectionString: database.url,
      stopwatch,
      onDropped: (each) => void dropped.push(each),
    });

  beforeEach(async () => {
    database = await makeDatabase();
    stopwatch = { ms: 0, now: () => stopwatch.ms };
    dropped = [];
    log = await open();
    await log.topics([spec('t', 1)]);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await log.close();
    await database.drop();
  });

  const publish = (...names: string[]) => log.produce(names.map((name) => record('t', 'k', name)));
  const kept = async (): Promise<number[]> => {
    const rows = await database.query(`SELECT off FROM log_record WHERE topic = 't' ORDER BY off`);
    return rows.map(({ off }) => Number(off));
  };
  const commit = async (group: string, offset: number): Promise<void> => {
    const member = await join(log, group, ['t']);
    await member.subscription.commit([{ topic: 't', partition: 0, offset, metadata: '' }]);
    await member.subscription.close();
  };

  test('what every group has settled goes after an hour, and nothing beyond it', async () => {
    await publish('0', '1', '2', '3');
    await commit('one', 3);
    await commit('two', 2);
    stopwatch.ms += hourMs - 1;
    await log.upkeep();
    expect(await kept()).toEqual([0, 1, 2, 3]);
    stopwatch.ms += 2;
    await log.upkeep();
    expect(await kept()).toEqual([2, 3]);
    expect(dropped).toEqual([]);
    expect(await log.endOffsets('t')).toEqual([4]);
  });

  test('a group that has joined and settled nothing yet keeps everything', async () => {
    await publish('0', '1');
    await commit('one', 2);
    const member = await join(log, 'two', ['t']);
    stopwatch.ms += dayMs;
    await log.upkeep();
    expect(await kept()).toEqual([0, 1]);
    await member.subscription.close();
  });

  test('what no group has asked for stays for its retention', async () => {
    await publish('0');
    stopwatch.ms += 7 * dayMs - minuteMs;
    await log.upkeep();
    expect(await kept()).toEqual([0]);
    stopwatch.ms += 2 * minuteMs;
    await log.upkeep();
    expect(await kept()).toEqual([]);
    expect(dropped).toEqual([]);
  });

  test('what a group has not committed goes at its retention only, is told, and is written down', async () => {
    await publish('0', '1', '2', '3');
    await commit('fast', 4);
    await commit('slow', 1);
    stopwatch.ms += 7 * dayMs - 1;
    await log.upkeep();
    expect(await kept()).toEqual([1, 2, 3]);
    expect(dropped).toEqual([]);
    stopwatch.ms += 2;
    await publish('4');
    await log.upkeep();
    expect(await kept()).toEqual([4]);
    expect(dropped).toEqual([{ group: 'slow', topic: 't', partition: 0, from: 1, to: 3, count: 3 }]);
    const rows = await database.query('SELECT consumer_group, topic, part, from_off, to_off, records FROM log_dropped');
    expect(rows).toEqual([{ consumer_group: 'slow', topic: 't', part: 0, from_off: '1', to_off: '3', records: '3' }]);
  });

  test('a large backlog goes in slices and is told as one', async () => {
    await log.produce(Array.from({ length: 5001 }, (_, n) => record('t', 'k', `${n}`)));
    await commit('slow', 1);
    stopwatch.ms += 8 * dayMs;
    await log.upkeep();
    expect(await kept()).toEqual([]);
    expect(dropped).toEqual([{ group: 'slow', topic: 't', partition: 0, from: 1, to: 5000, count: 5000 }]);
    expect(await database.query('SELECT records FROM log_dropped')).toEqual([{ records: '5000' }]);
  });

  test('a clock that is set forward by a year, or back, makes nothing older or younger', async () => {
    await publish('0', '1');
    await commit('one', 1);
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 365 * dayMs);
    await publish('2');
    await log.upkeep();
    expect(await kept()).toEqual([0, 1, 2]);
    now.mockReturnValue(Date.now() - 730 * dayMs);
    await publish('3');
    stopwatch.ms += hourMs + 1;
    await log.upkeep();
    expect(await kept()).toEqual([1, 2, 3]);
    stopwatch.ms += 7 * dayMs;
    await log.upkeep();
    expect(await kept()).toEqual([]);
  });

  test('age is counted while the log is open, over all of its processes', async () => {
    await publish('0', '1');
    await commit('one', 1);
    stopwatch.ms += 40 * minuteMs;
    await log.upkeep();
    await log.close();
    // Another process: its stopwatch begins anew, and nobody knows how long the log was closed.
    stopwatch.ms = 5;
    log = await open();
    await log.topics([spec('t', 1)]);
    stopwatch.ms += 19 * minuteMs;
    await log.upkeep();
    expect(await kept()).toEqual([0, 1]);
    stopwatch.ms += 2 * minuteMs;
    await log.upkeep();
    expect(await kept()).toEqual([1]);
  });

  test('a log whose tables are of an older version counts the age of their records from now', async () => {
    await log.close();
    await database.query('ALTER TABLE log_record DROP COLUMN ran');
    await database.query('DROP TABLE log_run, log_dropped');
    await database.query(`INSERT INTO log_record (topic, part, off, key, at) VALUES ('t', 0, 0, 'k', 0)`);
    await database.query(`UPDATE log_partition SET next_offset = 1`);
    log = await open();
    await log.topics([spec('t', 1)]);
    await commit('one', 0);
    stopwatch.ms += 7 * dayMs - minuteMs;
    await log.upkeep();
    expect(await kept()).toEqual([0]);
  });

  test('who comes back behind the first record hears what is gone, and goes on from there', async () => {
    await publish('0', '1', '2', '3');
    await commit('slow', 1);
    await database.query('DELETE FROM log_record WHERE off < 3');
    const member = await join(log, 'slow', ['t']);
    await eventually(() => member.records.length === 1);
    expect(texts(member.records)).toEqual(['3']);
    expect(member.moves[0]?.commit).toMatchObject({ offset: 3, metadata: '' });
    expect(dropped).toEqual([{ group: 'slow', topic: 't', partition: 0, from: 1, to: 2, count: 2 }]);
    await member.subscription.close();
  });
});
