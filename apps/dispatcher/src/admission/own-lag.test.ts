import { describe, expect, test } from '@jest/globals';
import { openOwnLag } from './own-lag.ts';

describe('own lag', () => {
  test('is twice what a tick was late, and nothing before the second', () => {
    const lag = openOwnLag(100);
    expect(lag.ms()).toBe(0);
    lag.tick(5000);
    expect(lag.ms()).toBe(0);
    lag.tick(5400);
    expect(lag.ms()).toBe(600);
    expect(lag.seenMs()).toBe(4800);
  });

  test('is forgotten step by step, and never below nothing', () => {
    const lag = openOwnLag(100);
    lag.tick(0);
    lag.tick(300);
    lag.tick(399);
    expect(lag.ms()).toBeCloseTo(280);
    for (let tick = 1; tick <= 20; tick++) lag.tick(399 + tick * 99);
    expect(lag.ms()).toBeGreaterThanOrEqual(0);
    expect(lag.ms()).toBeLessThan(1);
  });

  test('is the longest where ticks are late one after the other', () => {
    const lag = openOwnLag(100);
    lag.tick(0);
    lag.tick(300);
    lag.tick(420);
    expect(lag.ms()).toBeCloseTo(280);
    lag.tick(1020);
    expect(lag.ms()).toBe(1000);
  });
});
