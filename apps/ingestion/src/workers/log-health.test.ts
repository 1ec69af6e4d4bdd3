import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { until } from '../doubles.ts';
import { makeLogHealth, type LogHealth } from './log-health.ts';

const unavailable = new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.');
let nowMs: number;
let questions: number;
let answer: () => Promise<readonly number[]>;
let write: () => Promise<[]>;
let health: LogHealth;
let said: boolean[];
let following: { close(): Promise<void> };

/** Resolves when a question that began after this call has been answered. */
const asked = async () => {
  const before = questions;
  await until(() => questions > before + 1);
};

beforeEach(() => {
  nowMs = 1_000_000;
  questions = 0;
  said = [];
  answer = async () => [0];
  write = async () => [];
  const eventLog = { produce: () => write(), endOffsets: () => (questions++, answer()) };
  health = makeLogHealth({ eventLog, stopwatch: { now: () => nowMs }, everyMs: 1, limitMs: 20 });
  following = health.follow((isWritable) => void said.push(isWritable));
});
afterEach(async () => {
  await following.close();
});

describe('the health of the log', () => {
  test('goes with the answers while nobody writes', async () => {
    await asked();
    expect(said).toEqual([]);
    answer = () => Promise.reject(unavailable);
    await until(() => said.length === 1);
    answer = async () => [0];
    await until(() => said.length === 2);
    expect(said).toEqual([false, true]);
  });

  test('is bad while an answer is overdue', async () => {
    const { promise, resolve } = Promise.withResolvers<readonly number[]>();
    answer = () => promise;
    await until(() => said.length === 1);
    resolve([0]);
    await until(() => said.length === 2);
    expect(said).toEqual([false, true]);
  });

  test('is bad after a failed write, until one succeeds or answers have come for five seconds', async () => {
    write = () => Promise.reject(unavailable);
    await expect(health.produce([])).rejects.toBe(unavailable);
    await asked();
    expect(said).toEqual([false]);
    write = async () => [];
    await health.produce([]);
    expect(said).toEqual([false, true]);
    write = () => Promise.reject(unavailable);
    await expect(health.produce([])).rejects.toBe(unavailable);
    nowMs += 5000;
    await until(() => said.length === 4);
    expect(said).toEqual([false, true, false, true]);
  });

  test('does not suffer from records that the log refuses', async () => {
    const tooLarge = new Fault('RECORD_TOO_LARGE', 'A record is over the limit.');
    write = () => Promise.reject(tooLarge);
    await expect(health.produce([])).rejects.toBe(tooLarge);
    await asked();
    expect(said).toEqual([]);
  });
});
