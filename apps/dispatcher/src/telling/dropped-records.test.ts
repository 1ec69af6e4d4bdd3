import { afterEach, expect, jest, test } from '@jest/globals';
import { metrics, type Counter, type Meter } from '@opentelemetry/api';
import { openLogger } from '@bellwire/lifecycle';
import { openDroppedRecords } from './dropped-records.ts';

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** A logger that keeps its lines. */
const aLogger = () => {
  const lines: unknown[][] = [];
  const log = Object.assign(openLogger({ level: 'silent' }), {
    info: (...line: unknown[]) => void lines.push(line),
  });
  return { log, lines };
};

test('one line a minute says what was dropped in it, and none where nothing was', () => {
  jest.useFakeTimers();
  const { log, lines } = aLogger();
  const dropped = openDroppedRecords({ log });
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
  dropped.count('attempt_made');
  dropped.count('older_round');
  dropped.count('attempt_made');
  jest.advanceTimersByTime(60_000);
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual([[{ attempt_made: 2, older_round: 1 }, 'records.dropped_as_stale']]);
  dropped.count('cancelled');
  dropped.close();
  expect(lines.slice(1)).toEqual([[{ cancelled: 1 }, 'records.dropped_as_stale']]);
  jest.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(2);
});

test('each drop is counted by its reason', () => {
  const added: unknown[][] = [];
  const counter: Counter = { add: (...call) => void added.push(call) };
  const meter: Pick<Meter, 'createCounter'> = { createCounter: () => counter };
  const getMeter = jest.spyOn(metrics, 'getMeter');
  getMeter.mockReturnValue(Object.assign(metrics.getMeter('none'), meter));
  const dropped = openDroppedRecords({ log: aLogger().log });
  dropped.count('repeat');
  dropped.count('attempt_made');
  dropped.close();
  expect(added).toEqual([
    [1, { reason: 'repeat' }],
    [1, { reason: 'attempt_made' }],
  ]);
});
