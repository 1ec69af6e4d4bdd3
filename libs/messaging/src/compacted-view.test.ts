import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { followCompacted, type CompactedView } from './compacted-view.ts';
import { spec } from './conformance/describe-log.ts';
import type { NewRecord, ReadOptions } from './log.ts';
import { simulatedLog, type SimulatedLog } from './simulated/simulated-log.ts';

const change = (key: string, text: string | null): NewRecord => ({
  topic: 'c',
  key,
  value: text === null ? null : Buffer.from(text),
});

describe('compacted view', () => {
  let log: SimulatedLog;
  let view: CompactedView | undefined;

  beforeEach(async () => {
    log = simulatedLog();
    await log.topics([spec('c', 1, { cleanup: 'compact' })]);
  });

  afterEach(async () => {
    await view?.close();
    await log.close();
  });

  const follow = (onFailure?: (error: unknown) => void) => {
    const state = new Map<string, string>();
    const opened = followCompacted(
      log,
      'c',
      (record) => {
        const text = Buffer.from(record.value ?? []).toString();
        if (text === 'bad') throw new Error('bad');
        if (record.value === null) state.delete(record.key);
        else state.set(record.key, text);
      },
      { onFailure },
    );
    view = opened;
    return { state, view: opened };
  };

  test('is ready when it has applied what was there, gaps and all', async () => {
    await log.produce([change('a', '1'), change('a', '2'), change('b', '1'), change('b', null)]);
    log.upkeep();
    const { state, view: opened } = follow();
    await opened.ready;
    expect([...state]).toEqual([['a', '2']]);
    expect(opened.position()).toBe(4);
  });

  test('is ready at once over an empty topic', async () => {
    const { view: opened } = follow();
    await opened.ready;
    expect(opened.position()).toBe(0);
  });

  test('tells when it has reached an offset', async () => {
    const { state, view: opened } = follow();
    await opened.ready;
    const reached = opened.reached(2, 10_000);
    await log.produce([change('a', '1'), change('b', '2')]);
    await reached;
    expect(state.get('b')).toBe('2');
    await opened.reached(1, 0);
  });

  test('says how far it is when an offset does not come in time', async () => {
    const { view: opened } = follow();
    await opened.ready;
    await expect(opened.reached(3, 10)).rejects.toMatchObject({
      reason: 'LOG_UNAVAILABLE',
      detail: '"c" was read up to 0 and 3 was waited for.',
    });
  });

  test('passes over a record that cannot be applied', async () => {
    const failures: unknown[] = [];
    const { state, view: opened } = follow((error) => void failures.push(error));
    await log.produce([change('a', 'bad'), change('b', 'good')]);
    await opened.reached(2, 10_000);
    expect([...state.keys()]).toEqual(['b']);
    expect(failures).toHaveLength(1);
  });

  test('ends what waits when it is closed', async () => {
    const { view: opened } = follow();
    await opened.ready;
    const waiting = opened.reached(5, 10_000);
    await opened.close();
    await expect(waiting).rejects.toMatchObject({ reason: 'STOPPING' });
  });

  test('applies what a topic holds that was made anew', async () => {
    const read: ReadOptions[] = [];
    const state: string[] = [];
    const recordAt = (offset: number) => ({
      ...partition,
      offset,
      key: `${offset}`,
      value: null,
      headers: {},
      timestampMs: 0,
    });
    const partition = { topic: 'c', partition: 0 };
    const reading = {
      ...log,
      read: async (options: ReadOptions) => (read.push(options), { close: async () => undefined }),
    };
    const opened = followCompacted(reading, 'c', (record) => void state.push(record.key));
    await opened.ready;
    read[0]?.records([recordAt(0), recordAt(1), recordAt(2)]);
    read[0]?.begunAnew?.(0);
    expect(opened.position()).toBe(0);
    read[0]?.records([recordAt(0), recordAt(1)]);
    expect(state).toEqual(['0', '1', '2', '0', '1']);
    expect(opened.position()).toBe(2);
    await opened.close();
  });
});
