import { afterEach, describe, expect, test } from '@jest/globals';
import { Fault } from '@bellwire/errors';
import { silentLog, until } from './doubles.ts';
import { makeTypeLearner, type TypeLearner } from './learn-types.ts';

let learner: TypeLearner | undefined;
afterEach(() => learner?.close());

const withRegistry = (options: { maxRemembered?: number } = {}) => {
  const registry = {
    calls: [] as [string, readonly string[]][],
    known: new Set<string>(),
    fails: undefined as Error | undefined,
  };
  const made = makeTypeLearner({
    learnEventTypes: async (tenantId, names) => {
      registry.calls.push([tenantId, names]);
      if (registry.fails !== undefined) throw registry.fails;
      for (const name of names) registry.known.add(`${tenantId}/${name}`);
    },
    log: silentLog,
    retryMs: 5,
    ...options,
  });
  learner = made;
  return { registry, learn: made.learn };
};

describe('learning event types', () => {
  test('tells registry of each once, together', async () => {
    const { registry, learn } = withRegistry();
    for (const name of ['a', 'b', 'a', 'a']) learn('ten_1', name);
    learn('ten_2', 'a');
    await until(() => registry.known.size === 3);
    learn('ten_1', 'b');
    learn('ten_1', 'c');
    await until(() => registry.known.size === 4);
    expect(registry.calls).toEqual([
      ['ten_1', ['a', 'b']],
      ['ten_2', ['a']],
      ['ten_1', ['c']],
    ]);
  });

  test('tells again what failed, until registry is back', async () => {
    const { registry, learn } = withRegistry();
    registry.fails = new Fault('SERVICE_UNAVAILABLE', 'The service cannot be reached.');
    learn('ten_1', 'a');
    await until(() => registry.calls.length > 2);
    registry.fails = undefined;
    learn('ten_1', 'b');
    await until(() => registry.known.size === 2);
  });

  test('gives up on what registry refuses', async () => {
    const { registry, learn } = withRegistry();
    registry.fails = new Fault('NOT_FOUND', 'There is no such tenant.');
    learn('ten_1', 'a');
    await until(() => registry.calls.length === 1);
    registry.fails = undefined;
    learn('ten_2', 'a');
    await until(() => registry.known.size === 1);
    expect(registry.calls).toHaveLength(2);
  });

  test('remembers no more than its bound', async () => {
    const { registry, learn } = withRegistry({ maxRemembered: 2 });
    for (const name of ['a', 'b', 'c']) learn('ten_1', name);
    await until(() => registry.known.size === 2);
    learn('ten_1', 'a');
    await until(() => registry.known.size === 3);
    expect([...registry.known]).toEqual(['ten_1/b', 'ten_1/c', 'ten_1/a']);
  });
});
