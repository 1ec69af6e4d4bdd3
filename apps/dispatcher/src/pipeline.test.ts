import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  AuditBatch,
  AuditRecord,
  DeadLetterRecord,
  DeliveryRecord,
  EventRecord,
  RegistryChange,
  type Attempt,
} from '@bellwire/contracts';
import type { AttemptOutcome } from '@bellwire/domain';
import { openLogger, openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog, topicNames, topicSpecs } from '@bellwire/messaging';
import { openRegistryView, registryChangeKey } from '@bellwire/registry-view';
import { openKeyring } from '@bellwire/secrets';
import { newSecret } from '@bellwire/signing';
import type { Send } from './ports.ts';
import { startDispatcher } from './start-dispatcher.ts';
import { identityOf } from './writing/records.ts';

const log = openLogger({ level: 'silent' });
const tiers = [
  { name: '20ms', delayMs: 20 },
  { name: '100ms', delayMs: 100 },
];
const scopes: Scope[] = [];
afterEach(async () => {
  await Promise.all(scopes.splice(0).map((scope) => scope.close()));
});

const answer = (status: number, headers: { retryAfterMs?: number } = {}): AttemptOutcome => ({
  outcome: status < 300 ? 'delivered' : 'rejected',
  response: { status, headers: {}, body: '' },
  durationMs: 1,
  timings: {},
  ...headers,
});

const until = async <T>(what: string, find: () => T | undefined): Promise<T> => {
  const endsAt = Date.now() + 5000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (Date.now() > endsAt) throw new Error(`gave up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

const onFailure = (error: unknown): never => {
  throw error;
};

const setUp = async (answers: AttemptOutcome[]) => {
  const scope = openScope({ log });
  scopes.push(scope);
  const eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 2, tiers }));
  const view = scope.own('view', await openRegistryView({ log: eventLog, onFailure }));
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  const sent: { at: number; headers: Readonly<Record<string, string>>; body: string }[] = [];
  const send: Send = async ({ headers, body }) => {
    sent.push({ at: Date.now(), headers, body: Buffer.from(body).toString() });
    return answers[Math.min(sent.length, answers.length) - 1] ?? answer(200);
  };
  const disabled: string[] = [];
  await startDispatcher({
    scope,
    log,
    clock: { now: () => Date.now() },
    random: () => 0,
    eventLog,
    view,
    keyring,
    send,
    history: { delivery: () => Promise.reject(new Error('unused')), event: () => Promise.reject(new Error('unused')) },
    disableEndpoint: async ({ endpoint }, reason) => {
      disabled.push(`${endpoint?.id} ${reason}`);
      return true;
    },
    authenticate: async () => ({ kind: 'admin' }),
    host: '127.0.0.1',
    port: 0,
    roles: ['router', 'deliverer', 'delayer'],
    tiers,
    maxConcurrency: 4,
    maxInFlight: 16,
    maxDeadlineMs: 60_000,
    disableAfterMs: 0,
    onFailure,
  });

  const change = async (state: RegistryChange['state']) => {
    const record = RegistryChange.fromPartial({ state });
    await eventLog.produce([
      {
        topic: topicNames.registryChanges,
        key: registryChangeKey(record),
        value: RegistryChange.encode(record).finish(),
      },
    ]);
  };
  const endpoint = (fields: object = {}) => {
    const sealed = Buffer.from(
      keyring.seal(newSecret('standard', randomBytes), {
        tenantId: 'ten_1',
        endpointId: 'ep_1',
        purpose: 'secret',
        version: 1,
      }),
    );
    const partial = RegistryChange.fromPartial({
      state: {
        $case: 'endpoint',
        value: {
          tenantId: 'ten_1',
          version: 1,
          secrets: [{ version: 1, sealed }],
          endpoint: {
            id: 'ep_1',
            url: 'https://receiver.example/hook',
            enabled: true,
            retry: { scheduleSeconds: [0.05, 0.15], retryOn: 'RETRY_ON_ANY_FAILURE' },
            ...fields,
          },
        },
      },
    });
    return change(partial.state);
  };
  const publish = async (fields: Partial<EventRecord> = {}) => {
    const now = Date.now();
    const event = EventRecord.fromPartial({
      tenantId: 'ten_1',
      eventId: `evt_${randomBytes(4).toString('hex')}`,
      type: 'order.paid',
      data: '{"amount":1.0}',
      acceptedAtMs: now,
      occurredAtMs: now,
      ...fields,
    });
    await eventLog.produce([
      { topic: topicNames.events, key: event.eventId, value: EventRecord.encode(event).finish() },
    ]);
    return event;
  };

  const audit: AuditRecord[] = [];
  const deadLetters: DeadLetterRecord[] = [];
  const read = async (topic: string, apply: (value: Uint8Array) => void) => {
    for (const partition of [0, 1]) {
      const records = (batch: readonly { value: Uint8Array | null }[]) =>
        batch.forEach(({ value }) => value !== null && apply(value));
      scope.own(topic, await eventLog.read({ topic, partition, fromOffset: 0, records }));
    }
  };
  await read(topicNames.audit, (value) =>
    AuditBatch.decode(value).entries.forEach(({ record }) => audit.push(AuditRecord.decode(record))),
  );
  await read(topicNames.deadLetters, (value) => deadLetters.push(DeadLetterRecord.decode(value)));
  const attempts = (): Attempt[] =>
    audit
      .flatMap(({ record }) => (record?.$case === 'attempt' ? [record.value] : []))
      .toSorted((a, b) => a.number - b.number);
  const transitions = () => audit.flatMap(({ record }) => (record?.$case === 'transition' ? [record.value] : []));
  const fanOuts = () => audit.flatMap(({ record }) => (record?.$case === 'fanOut' ? [record.value] : []));

  await change({
    $case: 'tenant',
    value: {
      id: 'ten_1',
      name: 'one',
      dialect: 'standard',
      eventTypePolicy: 'EVENT_TYPE_POLICY_OPEN',
      createdAt: new Date(0),
      timeoutMs: 0,
    },
  });
  return { eventLog, sent, disabled, endpoint, change, publish, attempts, transitions, fanOuts, deadLetters };
};

const recordOf = (of: Parameters<typeof identityOf>[0], fields: Partial<DeliveryRecord>): DeliveryRecord => ({
  ...DeliveryRecord.fromPartial({}),
  ...identityOf(of),
  roundFirstAttempt: 1,
  ...fields,
});

describe('an event', () => {
  test('reaches an endpoint whose create call returned before it was published', async () => {
    const { endpoint, publish, sent, attempts, fanOuts } = await setUp([answer(200)]);
    await endpoint();
    const event = await publish();
    const attempt = await until('the attempt', () => attempts()[0]);
    expect(attempt).toMatchObject({ number: 1, round: 1, status: 'DELIVERY_STATUS_DELIVERED', responseStatus: 200 });
    expect(sent[0]?.body).toBe(
      `{"type":"order.paid","timestamp":"${new Date(event.occurredAtMs).toISOString()}","data":{"amount":1.0}}`,
    );
    expect(sent[0]?.headers).toMatchObject({
      'webhook-id': event.eventId,
      'webhook-signature': expect.stringMatching(/^v1,/),
    });
    expect(fanOuts()[0]?.planned).toEqual([expect.objectContaining({ deliveryId: attempt.deliveryId })]);
  });

  test('is not owed to endpoints of another type, subject or filter, and says so', async () => {
    const { endpoint, publish, sent, fanOuts } = await setUp([answer(200)]);
    await endpoint({ filter: '{"data.amount":{"$gt":5}}' });
    await publish();
    await until('the fan-out', () => fanOuts()[0]);
    await endpoint({ eventTypes: ['invoice.*'] });
    await publish();
    await until('the fan-out', () => fanOuts()[1]);
    await endpoint({ subject: 'user_2' });
    await publish({ subject: 'user_1' });
    await until('the fan-out', () => fanOuts()[2]);
    expect(
      fanOuts()
        .flatMap(({ excluded }) => excluded.map(({ reason }) => reason))
        .toSorted(),
    ).toEqual(['event_type', 'filter', 'subject']);
    expect(sent).toEqual([]);
  });

  test('is skipped for a disabled endpoint', async () => {
    const { endpoint, publish, fanOuts } = await setUp([]);
    await endpoint({ enabled: false });
    await publish();
    const fanOut = await until('the fan-out', () => fanOuts()[0]);
    expect(fanOut.planned).toEqual([
      expect.objectContaining({ status: 'DELIVERY_STATUS_SKIPPED', reason: 'endpoint_disabled' }),
    ]);
  });
});

describe('a delivery', () => {
  test('is retried by its schedule, none early, with the same body, and becomes a dead letter', async () => {
    const { endpoint, publish, sent, attempts, deadLetters } = await setUp([answer(500)]);
    await endpoint();
    await publish();
    const letter = await until('the dead letter', () => deadLetters[0]);
    await until('three attempts', () => attempts()[2]);
    expect(letter.letter).toMatchObject({
      $case: 'delivery',
      value: { reason: 'attempts_exhausted', attemptCount: 3 },
    });
    const [first = 0, second = 0, third = 0] = sent.map(({ at }) => at);
    expect(second - first).toBeGreaterThanOrEqual(50);
    expect(third - second).toBeGreaterThanOrEqual(150);
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    expect(attempts().map(({ status }) => status)).toEqual([
      'DELIVERY_STATUS_RETRYING',
      'DELIVERY_STATUS_RETRYING',
      'DELIVERY_STATUS_DEAD_LETTERED',
    ]);
  });

  test('is told as that of whom its endpoint belongs to at the attempt', async () => {
    const { endpoint, publish, attempts, fanOuts } = await setUp([answer(429, { retryAfterMs: 400 }), answer(200)]);
    await endpoint({ subject: 'user_1' });
    await publish({ subject: 'user_1' });
    await until('the first attempt', () => attempts()[0]);
    await endpoint();
    await until('the second attempt', () => attempts()[1]);
    expect(fanOuts()[0]?.planned[0]?.endpointSubject).toBe('user_1');
    expect(attempts().map(({ subject, endpointSubject }) => [subject, endpointSubject])).toEqual([
      ['user_1', 'user_1'],
      ['user_1', undefined],
    ]);
  });

  test('waits as long as the receiver asked', async () => {
    const { endpoint, publish, sent, attempts } = await setUp([answer(429, { retryAfterMs: 400 }), answer(200)]);
    await endpoint();
    await publish();
    await until('two attempts', () => attempts()[1]);
    expect((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)).toBeGreaterThanOrEqual(400);
  });

  test('that waited for a slot of the rate limit says so', async () => {
    const { endpoint, publish, attempts } = await setUp([answer(200)]);
    await endpoint({ rateLimit: { limit: 1, periodSeconds: 1 } });
    await publish();
    await until('the first attempt', () => attempts()[0]);
    await publish();
    const waited = await until('the second attempt', () => attempts()[1]);
    expect(attempts()[0]?.timings).toEqual({});
    expect(waited.timings['rate_limit_slot']).toBeGreaterThanOrEqual(0);
  });

  test('ends with a 410, which disables its endpoint', async () => {
    const { endpoint, publish, disabled, deadLetters } = await setUp([answer(410)]);
    await endpoint();
    await publish();
    await until('the dead letter', () => deadLetters[0]);
    await until('the endpoint to be disabled', () => disabled[0]);
    expect(disabled).toEqual(['ep_1 gone']);
  });

  test('that ends is told to who asked for that, and the deliveries that tell it are not', async () => {
    const { endpoint, publish, sent, deadLetters } = await setUp([answer(410)]);
    await endpoint({ eventTypes: ['order.paid', 'bellwire.*'] });
    await publish();
    await until('all dead letters', () => deadLetters[2]);
    const last = await publish();
    await until('the last event', () => sent.find(({ headers }) => headers['webhook-id'] === last.eventId));
    const types = sent.map(({ body }) => /"type":"(?<type>[^"]+)"/.exec(body)?.groups?.['type'] ?? '');
    // All that was sent up to the last event: nothing tells of the dead letters of what tells of the first.
    const upToLast = types.slice(0, types.lastIndexOf('order.paid') + 1);
    expect(upToLast.filter((type) => type === 'order.paid')).toHaveLength(2);
    expect(upToLast.filter((type) => type === 'bellwire.delivery.dead_lettered')).toHaveLength(1);
    expect(new Set(upToLast)).toEqual(
      new Set(['order.paid', 'bellwire.delivery.dead_lettered', 'bellwire.endpoint.disabled']),
    );
  });

  test('is held while its endpoint is disabled, and cancelled when it is deleted', async () => {
    const { eventLog, endpoint, publish, sent, transitions } = await setUp([answer(500)]);
    await endpoint();
    await publish();
    await until('the first attempt', () => sent[0]);
    await endpoint({ enabled: false });
    const held = await until('the hold', () => transitions()[0]);
    expect(held).toMatchObject({ status: 'DELIVERY_STATUS_HELD', reason: 'endpoint_disabled', attemptCount: 1 });
    await eventLog.produce([{ topic: topicNames.registryChanges, key: 'endpoint/ep_1', value: null }]);
    const record = recordOf(held, { round: 1, attempt: 2, registryPosition: 4 });
    await eventLog.produce([
      { topic: topicNames.deliveries, key: 'ep_1', value: DeliveryRecord.encode(record).finish() },
    ]);
    const cancelled = await until('the cancellation', () => transitions()[1]);
    expect(cancelled).toMatchObject({ status: 'DELIVERY_STATUS_CANCELLED', reason: 'endpoint_deleted' });
    expect(sent).toHaveLength(1);
  });

  test('that is cancelled is not sent any more, and goes on counting when it is redelivered', async () => {
    const { eventLog, endpoint, publish, sent, attempts, transitions } = await setUp([
      answer(429, { retryAfterMs: 200 }),
      answer(200),
    ]);
    await endpoint();
    await publish();
    const attempt = await until('the first attempt', () => attempts()[0]);
    const produce = (fields: Partial<DeliveryRecord>) => {
      const record = recordOf(attempt, { deadlineAtMs: Date.now() + 60_000, ...fields });
      const value = DeliveryRecord.encode(record).finish();
      return eventLog.produce([{ topic: topicNames.deliveries, key: 'ep_1', value }]);
    };
    await produce({ round: 1, attempt: 1, cancel: true });
    const cancelled = await until('the cancellation', () => transitions()[0]);
    expect(cancelled).toMatchObject({
      status: 'DELIVERY_STATUS_CANCELLED',
      reason: 'cancelled_by_user',
      round: 1,
      attemptCount: 1,
    });
    await until('the retry to come back', () =>
      eventLog
        .records(topicNames.deliveries)
        .map(({ value }) => DeliveryRecord.decode(value ?? new Uint8Array()))
        .find(({ round, attempt: number }) => round === 1 && number === 2),
    );
    await produce({ round: 2, attempt: 1 });
    const redelivered = await until('the redelivery', () => attempts()[1]);
    expect(redelivered).toMatchObject({ round: 2, number: 2, status: 'DELIVERY_STATUS_DELIVERED' });
    expect(sent).toHaveLength(2);
  });

  test('is held while its endpoint is in test mode, which is not owed new events', async () => {
    const { endpoint, publish, sent, transitions, fanOuts } = await setUp([answer(500)]);
    await endpoint();
    await publish();
    await until('the first attempt', () => sent[0]);
    await endpoint({ testMode: true });
    const held = await until('the hold', () => transitions()[0]);
    expect(held).toMatchObject({ status: 'DELIVERY_STATUS_HELD', reason: 'test_mode', attemptCount: 1 });
    await publish();
    const fanOut = await until('the fan-out', () => fanOuts()[1]);
    expect(fanOut).toMatchObject({ planned: [], excluded: [{ endpointId: 'ep_1', reason: 'test_mode' }] });
    expect(fanOut.excludedCounts).toEqual({ test_mode: 1 });
    expect(sent).toHaveLength(1);
  });

  test('does nothing when its record comes again', async () => {
    const { eventLog, endpoint, publish, sent, attempts } = await setUp([answer(200)]);
    await endpoint();
    await publish();
    const attempt = await until('the attempt', () => attempts()[0]);
    const again = recordOf(attempt, { round: 1, attempt: 1, deadlineAtMs: Date.now() + 1000 });
    await eventLog.produce([
      { topic: topicNames.deliveries, key: 'ep_1', value: DeliveryRecord.encode(again).finish() },
    ]);
    await publish();
    await until('the next event', () => attempts()[1]);
    expect(sent).toHaveLength(2);
    expect(new Set(attempts().map(({ deliveryId }) => deliveryId)).size).toBe(2);
  });
});
