import { randomBytes } from 'node:crypto';
import { setTimeout as realSleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { AuditBatch, AuditRecord, EventRecord, RegistryChange, toProto, type Endpoint } from '@bellwire/contracts';
import type { AttemptOutcome, DeliveryStatus } from '@bellwire/domain';
import { openLogger, openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog, topicNames, topicSpecs, type NewRecord, type SimulatedLog } from '@bellwire/messaging';
import { endpointChangeKey, openRegistryView, registryChangeKey } from '@bellwire/registry-view';
import { openKeyring, type Keyring } from '@bellwire/secrets';
import { newSecret } from '@bellwire/signing';
import { startDispatcher } from './start-dispatcher.ts';

// The whole dispatcher on the simulated log, in virtual time: what a rate limit, quiet hours and edits do to a backlog.

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const tiers = [1, 5, 15, 60, 300, 1800].map((seconds) => ({ name: `${seconds}s`, delayMs: seconds * secondMs }));
const log = openLogger({ level: 'silent' });
const scopes: Scope[] = [];

beforeEach(() => {
  // What runs between two moments runs for real: only timers and clocks are virtual.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
});

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(scopes.splice(0).map((scope) => scope.close()));
});

const answer = (status: number): AttemptOutcome => ({
  outcome: status < 300 ? 'delivered' : 'rejected',
  response: { status, headers: {}, body: '' },
  durationMs: 1,
  timings: {},
});

/** Counts what is written, so that a test knows when there is nothing left to do at a moment. */
const counted = (inner: SimulatedLog) => {
  let writes = 0;
  const eventLog: SimulatedLog = {
    ...inner,
    produce: (records) => {
      writes++;
      return inner.produce(records);
    },
  };
  return { eventLog, writes: () => writes };
};

/** What registry and publishers write. */
const writersOn = (eventLog: SimulatedLog, keyring: Keyring) => {
  const change = async (state: RegistryChange['state']): Promise<void> => {
    const record = RegistryChange.fromPartial({ state });
    const value = RegistryChange.encode(record).finish();
    await eventLog.produce([{ topic: topicNames.registryChanges, key: registryChangeKey(record), value }]);
  };
  const aad = { tenantId: 'ten_1', endpointId: 'ep_1', purpose: 'secret', version: 1 } as const;
  const sealed = Buffer.from(keyring.seal(newSecret('standard', randomBytes), aad));
  const newEvent = (): NewRecord => {
    const eventId = `evt_${randomBytes(8).toString('hex')}`;
    const times = { acceptedAtMs: Date.now(), occurredAtMs: Date.now() };
    const event = EventRecord.fromPartial({ tenantId: 'ten_1', eventId, type: 'order.paid', data: '1', ...times });
    return { topic: topicNames.events, key: eventId, value: EventRecord.encode(event).finish() };
  };
  return {
    tenant: (): Promise<void> => {
      const value = { id: 'ten_1', name: 'one', dialect: 'standard', createdAt: new Date(0) };
      return change(RegistryChange.fromPartial({ state: { $case: 'tenant', value } }).state);
    },
    endpoint: (fields: Partial<Endpoint>): Promise<void> => {
      const endpoint = { id: 'ep_1', url: 'https://receiver.example/hook', enabled: true, ...fields };
      const value = { tenantId: 'ten_1', version: 1, secrets: [{ version: 1, sealed }], endpoint };
      return change(RegistryChange.fromPartial({ state: { $case: 'endpoint', value } }).state);
    },
    remove: async (): Promise<void> => {
      await eventLog.produce([{ topic: topicNames.registryChanges, key: endpointChangeKey('ep_1'), value: null }]);
    },
    publish: async (events: number): Promise<void> => {
      await eventLog.produce(Array.from({ length: events }, newEvent));
    },
  };
};

/** What history says. */
const historyOf = (eventLog: SimulatedLog) => {
  const entries = () =>
    eventLog
      .records(topicNames.audit)
      .flatMap(({ value }) => (value === null ? [] : AuditBatch.decode(value).entries))
      .flatMap(({ record }) => AuditRecord.decode(record).record ?? []);
  return {
    /** Of deliveries that were not attempted, or not at once. */
    said: (status: DeliveryStatus): { deliveryId: string; reason: string }[] =>
      entries()
        .flatMap((entry) => {
          if (entry.$case === 'fanOut') return entry.value.planned;
          return entry.$case === 'transition' ? [entry.value] : [];
        })
        .filter((each) => each.status === toProto.status[status]),
    attemptNumbers: (): number[] =>
      entries().flatMap((entry) => (entry.$case === 'attempt' ? [entry.value.number] : [])),
  };
};

/** @param activity a count that rises with everything that is done */
const passingTime = (activity: () => number) => {
  /** Until nothing is left to do at this moment; producers gather for some real milliseconds. */
  const settle = async (): Promise<void> => {
    for (let before = -1; before !== activity();) {
      before = activity();
      await realSleep(8);
    }
  };
  const hasMoved = async (before: number): Promise<boolean> => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    return activity() !== before;
  };
  /** Lets virtual time pass, in steps: what is to happen at a moment happens within one. */
  return async (ms: number, stepMs = 250): Promise<void> => {
    await settle();
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      const before = activity();
      jest.advanceTimersByTime(Math.min(stepMs, leftMs));
      if (await hasMoved(before)) await settle();
    }
  };
};

const open = async (startAt: string) => {
  jest.setSystemTime(new Date(startAt));
  const scope = openScope({ log });
  scopes.push(scope);
  const { eventLog, writes } = counted(simulatedLog());
  await eventLog.topics(topicSpecs({ partitions: 2, tiers }));
  const view = scope.own('view', await openRegistryView({ log: eventLog }));
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  const sent: { atMs: number; eventId: string }[] = [];
  let answered = 200;
  await startDispatcher({
    scope,
    log,
    clock: { now: () => Date.now() },
    random: () => 0,
    eventLog,
    view,
    keyring,
    send: async ({ headers }) => {
      sent.push({ atMs: Date.now(), eventId: headers['webhook-id'] ?? '' });
      return answer(answered);
    },
    history: { delivery: () => Promise.reject(new Error('unused')), event: () => Promise.reject(new Error('unused')) },
    disableEndpoint: async () => true,
    authenticate: async () => ({ kind: 'admin' }),
    host: '127.0.0.1',
    port: 0,
    roles: ['router', 'deliverer', 'delayer'],
    tiers,
    maxConcurrency: 64,
    maxInFlight: 512,
    maxDeadlineMs: 24 * 60 * minuteMs,
    disableAfterMs: 0,
    onFailure: (error) => {
      throw error;
    },
  });

  const { tenant, ...writers } = writersOn(eventLog, keyring);
  await tenant();
  return {
    ...writers,
    ...historyOf(eventLog),
    sent,
    answerWith: (status: number): void => void (answered = status),
    pass: passingTime(() => writes() + sent.length),
  };
};

/** The most requests that start within one window, wherever it begins. */
const mostWithin = (timesMs: readonly number[], windowMs: number): number =>
  Math.max(...timesMs.map((from) => timesMs.filter((atMs) => atMs >= from && atMs < from + windowMs).length));

const sixtyAMinute = { rateLimit: { limit: 60, periodSeconds: 60 } };

describe('an endpoint that takes 60 in 60 s, and 200 events at once', () => {
  test('gets 60 at once and the others at that rate, each with one attempt', async () => {
    const { endpoint, publish, pass, sent, attemptNumbers } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    const startedAtMs = Date.now();
    await pass(4 * minuteMs);
    const times = sent.map(({ atMs }) => atMs);
    expect(times).toHaveLength(200);
    expect((times[59] ?? Infinity) - startedAtMs).toBeLessThanOrEqual(3 * secondMs);
    expect(mostWithin(times, 61 * secondMs)).toBe(60);
    // Three more windows of a period and a second, and a moment for each.
    expect((times.at(-1) ?? Infinity) - startedAtMs).toBeLessThanOrEqual(3 * 63 * secondMs);
    expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(200);
    expect(attemptNumbers()).toEqual(Array.from({ length: 200 }, () => 1));
  });

  test('gets nothing of the rest while it is disabled, and all of it once it is enabled', async () => {
    const { endpoint, publish, pass, sent, attemptNumbers } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    await pass(10 * secondMs);
    await endpoint({ ...sixtyAMinute, enabled: false });
    await pass(5 * minuteMs);
    expect(sent).toHaveLength(60);
    await endpoint(sixtyAMinute);
    await pass(15 * minuteMs);
    expect(new Set(sent.map(({ eventId }) => eventId)).size).toBe(200);
    expect(
      mostWithin(
        sent.map(({ atMs }) => atMs),
        61 * secondMs,
      ),
    ).toBeLessThanOrEqual(60);
    expect(attemptNumbers()).toEqual(Array.from({ length: 200 }, () => 1));
  });

  test('is owed nothing of the rest once it is deleted, and each delivery says so', async () => {
    const { endpoint, remove, publish, pass, sent, said } = await open('2026-05-04T12:00:00Z');
    await endpoint(sixtyAMinute);
    await publish(200);
    await pass(10 * secondMs);
    await remove();
    await pass(5 * minuteMs);
    expect(sent).toHaveLength(60);
    const cancelled = said('cancelled');
    expect(new Set(cancelled.map(({ deliveryId }) => deliveryId)).size).toBe(140);
    expect(new Set(cancelled.map(({ reason }) => reason))).toEqual(new Set(['endpoint_deleted']));
  });
});

describe('quiet hours', () => {
  const berlin = (start: string, end: string, mode: 'hold' | 'skip') => ({
    quietHours: { start, end, timeZone: 'Europe/Berlin', mode },
  });

  test.each([
    ['over midnight', '23:30', '00:30', '2026-05-04T21:31:00Z', '2026-05-04T22:30:00Z'],
    ['over the hour that summer time skips', '01:30', '03:30', '2026-03-29T00:31:00Z', '2026-03-29T01:30:00Z'],
    ['over the hour that winter time repeats', '01:30', '02:30', '2026-10-24T23:31:00Z', '2026-10-25T01:30:00Z'],
  ])('hold what is published in them until they end, %s', async (_when, start, end, publishedAt, endsAt) => {
    const { endpoint, publish, pass, sent, said } = await open(publishedAt);
    await endpoint(berlin(start, end, 'hold'));
    await publish(3);
    const endsAtMs = Date.parse(endsAt);
    await pass(endsAtMs - Date.now() - secondMs, secondMs);
    expect(sent).toEqual([]);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(3);
    for (const { atMs } of sent) expect(atMs).toBeGreaterThanOrEqual(endsAtMs);
    expect(said('held').map(({ reason }) => reason)).toEqual(['quiet_hours', 'quiet_hours', 'quiet_hours']);
  });

  test('skip what is published in them where they say so, and nothing after them', async () => {
    const { endpoint, publish, pass, sent, said } = await open('2026-05-04T21:31:00Z');
    await endpoint(berlin('23:30', '00:30', 'skip'));
    await publish(2);
    await pass(minuteMs);
    expect(said('skipped').map(({ reason }) => reason)).toEqual(['quiet_hours', 'quiet_hours']);
    await pass(59 * minuteMs, secondMs);
    expect(sent).toEqual([]);
    await publish(1);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(1);
  });

  test('hold a retry of what was begun before them, even where they skip', async () => {
    const { endpoint, publish, pass, sent, answerWith } = await open('2026-05-04T21:29:30Z');
    answerWith(500);
    await endpoint({
      ...berlin('23:30', '00:30', 'skip'),
      retry: { scheduleSeconds: [60], retryOn: 'RETRY_ON_ANY_FAILURE' },
    });
    await publish(1);
    await pass(5 * secondMs);
    expect(sent).toHaveLength(1);
    answerWith(200);
    await pass(60 * minuteMs, secondMs);
    expect(sent).toHaveLength(1);
    await pass(minuteMs, secondMs);
    expect(sent).toHaveLength(2);
    expect(sent[1]?.atMs).toBeGreaterThanOrEqual(Date.parse('2026-05-04T22:30:00Z'));
  });
});
