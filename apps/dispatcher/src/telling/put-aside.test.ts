import { describe, expect, test } from '@jest/globals';
import {
  AuditBatch,
  AuditRecord,
  DeadLetterRecord,
  DeliveryRecord,
  EndpointState,
  EventRecord,
} from '@bellwire/contracts';
import { simulatedLog, topicNames, topicSpecs, type LogRecord } from '@bellwire/messaging';
import { startRouter } from '../workers/route-events.ts';
import { packAudit } from '../writing/audit-batches.ts';
import { open, secondMs, useVirtualTime } from '../testing/virtual-dispatcher.ts';
import { makeTellOfPutAside } from './put-aside.ts';

const until = async (isTrue: () => boolean): Promise<void> => {
  for (const endsAt = Date.now() + 5000; !isTrue();) {
    if (Date.now() > endsAt) throw new Error(`gave up waiting: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe('a delivery whose handling fails for a bug', () => {
  useVirtualTime();

  test('is a dead letter after three failures, and others are delivered', async () => {
    const dispatcher = await open('2026-01-01T00:00:00Z');
    await dispatcher.endpoint({});
    dispatcher.breakWith(new Error('a bug'));
    await dispatcher.publish(1);
    await dispatcher.pass(30 * secondMs);
    expect(dispatcher.said('dead_lettered')).toMatchObject([{ reason: 'quarantined' }]);
    expect(dispatcher.sent).toHaveLength(3);
    // The log holds the same step once more.
    await dispatcher.repeatDeliveries();
    await dispatcher.pass(30 * secondMs);
    expect(dispatcher.said('dead_lettered')).toHaveLength(1);
    expect(dispatcher.sent).toHaveLength(3);
    dispatcher.breakWith(undefined);
    await dispatcher.publish(2);
    await dispatcher.pass(5 * secondMs);
    expect(dispatcher.attempts()).toHaveLength(2);
    expect(dispatcher.said('dead_lettered')).toHaveLength(1);
  });
});

describe('an event that the router cannot plan', () => {
  const recordOf = (topic: string, value: Uint8Array): LogRecord => ({
    topic,
    partition: 0,
    offset: 7,
    key: 'k',
    value,
    headers: {},
    timestampMs: 0,
  });
  const events = { deadLettered: () => [] };
  const endpoint = EndpointState.fromPartial({ tenantId: 'ten_1' });
  const view = { endpointsOf: () => [endpoint, endpoint], position: () => 3 };
  const tellOfPutAside = makeTellOfPutAside({ view, events, clock: { now: () => 1000 } });

  test('is put aside alone: its batch goes on, and history says why it has no deliveries', async () => {
    const eventLog = simulatedLog();
    await eventLog.topics(topicSpecs({ partitions: 1, tiers: [] }));
    const written: string[] = [];
    const worker = await startRouter({
      eventLog,
      stopwatch: performance,
      view: { catchUp: async () => undefined },
      planDeliveries: function* ({ eventId }) {
        if (eventId === 'evt_bad') throw new Error('a bug');
        yield { topic: topicNames.deliveries, key: eventId, value: Buffer.from('x') };
        return undefined;
      },
      append: async (records) => void written.push(...records.map(({ key }) => key ?? '')),
      insist: (_what, work) => work(),
      onRetry: () => undefined,
      onFailure: (error) => {
        throw error;
      },
      onDropped: () => undefined,
      care: { withLetter: (aside) => packAudit(tellOfPutAside(aside)), times: { againAfterMs: 5 } },
    });
    const publish = (eventId: string) => {
      const event = EventRecord.fromPartial({ eventId, tenantId: 'ten_1', type: 't', acceptedAtMs: 5 });
      return { topic: topicNames.events, key: 'k', value: EventRecord.encode(event).finish() };
    };
    await eventLog.produce(['evt_1', 'evt_bad', 'evt_2'].map(publish));
    await until(() => eventLog.records(topicNames.deadLetters).length === 1 && worker.inFlight() === 0);
    expect(written.toSorted()).toEqual(['evt_1', 'evt_2']);
    const [letter] = eventLog.records(topicNames.deadLetters);
    expect(DeadLetterRecord.decode(letter?.value ?? new Uint8Array()).letter).toMatchObject({
      $case: 'unreadable',
      value: { topic: 'events', offset: 1, kind: 'failed', consumerGroup: 'router' },
    });
    const [batch] = eventLog.records(topicNames.audit);
    const [entry] = AuditBatch.decode(batch?.value ?? new Uint8Array()).entries;
    const said = AuditRecord.decode(entry?.record ?? new Uint8Array()).record;
    expect(said).toMatchObject({
      $case: 'fanOut',
      value: { eventId: 'evt_bad', planned: [], excludedCounts: { quarantined: 2 } },
    });
    await worker.close();
  });

  test('an order to cancel that is put aside says nothing of its delivery', () => {
    const order = DeliveryRecord.fromPartial({ deliveryId: 'd', cancel: true });
    const record = recordOf(topicNames.deliveries, DeliveryRecord.encode(order).finish());
    expect(tellOfPutAside({ record, kind: 'crashed', error: 'x', failures: 4, group: 'deliverer' })).toEqual([]);
  });
});
