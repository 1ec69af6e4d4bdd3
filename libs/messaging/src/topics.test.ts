import { expect, test } from '@jest/globals';
import { defaultRetention, topicNames, topicSpecs } from './topics.ts';

const hourMs = 60 * 60 * 1000;

test('each class of topics has its retention, and a tier keeps three times its own length at least', () => {
  const tiers = [
    { name: '1m', delayMs: 60_000 },
    { name: '8h', delayMs: 8 * hourMs },
  ];
  const retention = {
    eventsMs: hourMs,
    deliveriesMs: 2 * hourMs,
    retriesMs: 3 * hourMs,
    deadLettersMs: 4 * hourMs,
    auditMs: 5 * hourMs,
  };
  const kept = (specs: ReturnType<typeof topicSpecs>) =>
    Object.fromEntries(specs.map(({ name, retentionMs }) => [name, retentionMs / hourMs]));
  expect(kept(topicSpecs({ partitions: 1, tiers, retention }))).toEqual({
    [topicNames.events]: 1,
    [topicNames.deliveries]: 2,
    [topicNames.retries('1m')]: 3,
    [topicNames.retries('8h')]: 24,
    [topicNames.deadLetters]: 4,
    [topicNames.audit]: 5,
    [topicNames.endpointState]: 24,
    [topicNames.registryChanges]: 24,
  });
  expect(topicSpecs({ partitions: 1, tiers })[0]?.retentionMs).toBe(defaultRetention.eventsMs);
});
