import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { RegistryChange } from '@bellwire/contracts';
import { openKafkaLog, topicNames, topicSpecs } from '@bellwire/messaging';
import { openRegistryView, registryChangeKey } from './index.ts';

const endpoints = 10_000;

const changeOf = (n: number) => {
  const change = RegistryChange.fromPartial({
    state: {
      $case: 'endpoint',
      value: {
        tenantId: `ten_${n % 10}`,
        version: 1,
        secrets: [{ version: 1, sealed: Buffer.alloc(120) }],
        endpoint: {
          id: `ep_${n}`,
          url: `https://receiver-${n}.example/hooks/bellwire`,
          eventTypes: ['order.*', 'invoice.paid'],
          filter: '{"data.amount":{"$gt":10}}',
          enabled: true,
        },
      },
    },
  });
  return {
    topic: topicNames.registryChanges,
    key: registryChangeKey(change),
    value: RegistryChange.encode(change).finish(),
  };
};

describe('a view on Kafka', () => {
  test('has 10,000 endpoints when it is open', async () => {
    const brokers = (process.env['BELLWIRE_TEST_KAFKA_BROKERS'] ?? '').split(',');
    const log = await openKafkaLog({ brokers, clientId: 'view', prefix: `${randomUUID()}.` });
    await log.topics(topicSpecs({ partitions: 1, tiers: [{ name: '1s', delayMs: 1000 }] }));
    const changes = Array.from({ length: endpoints }, (_, n) => changeOf(n));
    for (let at = 0; at < endpoints; at += 1000) await log.produce(changes.slice(at, at + 1000));

    const startedAt = performance.now();
    const view = await openRegistryView({
      log,
      onFailure: (error) => {
        throw error;
      },
    });
    console.log(`${endpoints} endpoints loaded in ${Math.round(performance.now() - startedAt)} ms`);
    expect([...view.endpoints()]).toHaveLength(endpoints);
    expect(view.endpointsOf('ten_3')).toHaveLength(endpoints / 10);
    expect(view.position()).toBe(endpoints);
    await view.close();
    await log.close();
  });
});
