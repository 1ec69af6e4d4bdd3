import { randomBytes } from 'node:crypto';
import { setTimeout as realSleep } from 'node:timers/promises';
import { afterEach, beforeEach, jest } from '@jest/globals';
import {
  AuditBatch,
  AuditRecord,
  EventRecord,
  RegistryChange,
  toProto,
  type Attempt,
  type Endpoint,
} from '@bellwire/contracts';
import { dialectNamed } from '@bellwire/dialects';
import { Fault } from '@bellwire/errors';
import { openExpiryClock, type AttemptOutcome, type DeliveryStatus } from '@bellwire/domain';
import { openLogger, openScope, type Scope } from '@bellwire/lifecycle';
import { simulatedLog, topicNames, topicSpecs, type NewRecord, type SimulatedLog } from '@bellwire/messaging';
import { endpointChangeKey, openRegistryView, registryChangeKey } from '@bellwire/registry-view';
import { openKeyring, type Keyring } from '@bellwire/secrets';
import { newSecret } from '@bellwire/signing';
import type { DispatcherDeps } from '../dispatcher-deps.ts';
import { startDispatcher } from '../start-dispatcher.ts';
import { startPipeline } from '../start-pipeline.ts';

// The whole dispatcher on the simulated log, in virtual time.

export const secondMs = 1000;
export const minuteMs = 60 * secondMs;

/** Those of the default. */
const tiers = [1, 5, 15, 60, 300, 1800, 7200, 28_800].map((seconds) => ({
  name: `${seconds}s`,
  delayMs: seconds * secondMs,
}));
const log = openLogger({ level: 'silent' });
const scopes: Scope[] = [];

/** For every test of the file: it begins with virtual time, and what it opened ends with it. */
export const useVirtualTime = (): void => {
  beforeEach(() => {
    // What runs between two moments runs for real: only timers and clocks are virtual.
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'] });
  });

  afterEach(async () => {
    const over = new AbortController();
    const closing = Promise.all(scopes.splice(0).map((scope) => scope.close())).finally(() => over.abort());
    // A stop takes virtual time too: what is under way is written and committed.
    while (!over.signal.aborted) {
      jest.advanceTimersByTime(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await closing;
    jest.useRealTimers();
  });
};

const onFailure = (error: unknown): never => {
  throw error;
};

const answer = (status: number, durationMs: number): AttemptOutcome => ({
  outcome: status < 300 ? 'delivered' : 'rejected',
  response: { status, headers: {}, body: '' },
  durationMs,
  timings: {},
});

/** Counts what is written, so that a test knows when there is nothing left to do at a moment; or takes nothing. */
const counted = (inner: SimulatedLog) => {
  let writes = 0;
  let isAway = false;
  const eventLog: SimulatedLog = {
    ...inner,
    produce: async (records) => {
      if (isAway) throw new Fault('LOG_UNAVAILABLE', 'the log takes nothing');
      writes++;
      return inner.produce(records);
    },
  };
  return { eventLog, writes: () => writes, setAway: (away: boolean) => void (isAway = away) };
};

/** What registry and publishers write. */
const writersOn = (eventLog: SimulatedLog, keyring: Keyring, dialect: string) => {
  const signature = dialectNamed(dialect)?.signature;
  if (signature === undefined) throw new Error(`there is no dialect ${dialect}`);
  const change = async (state: RegistryChange['state']): Promise<void> => {
    const record = RegistryChange.fromPartial({ state });
    const value = RegistryChange.encode(record).finish();
    await eventLog.produce([{ topic: topicNames.registryChanges, key: registryChangeKey(record), value }]);
  };
  const sealedFor = (tenantId: string, endpointId: string): Buffer => {
    const aad = { tenantId, endpointId, purpose: 'secret', version: 1 } as const;
    return Buffer.from(keyring.seal(newSecret(signature, randomBytes), aad));
  };
  const newEvent = (tenantId: string): NewRecord => {
    const eventId = `evt_${randomBytes(8).toString('hex')}`;
    const times = { acceptedAtMs: Date.now(), occurredAtMs: Date.now() };
    const event = EventRecord.fromPartial({ tenantId, eventId, type: 'order.paid', data: '1', ...times });
    return { topic: topicNames.events, key: eventId, value: EventRecord.encode(event).finish() };
  };
  return {
    tenant: (id = 'ten_1'): Promise<void> => {
      const value = { id, name: id, dialect, createdAt: new Date(0) };
      return change(RegistryChange.fromPartial({ state: { $case: 'tenant', value } }).state);
    },
    endpoint: (fields: Partial<Endpoint>, tenantId = 'ten_1'): Promise<void> => {
      const endpoint = { id: 'ep_1', url: 'https://receiver.example/hook', enabled: true, ...fields };
      const secrets = [{ version: 1, sealed: sealedFor(tenantId, endpoint.id) }];
      const value = { tenantId, version: 1, secrets, endpoint };
      return change(RegistryChange.fromPartial({ state: { $case: 'endpoint', value } }).state);
    },
    remove: async (): Promise<void> => {
      await eventLog.produce([{ topic: topicNames.registryChanges, key: endpointChangeKey('ep_1'), value: null }]);
    },
    publish: async (events: number, tenantId = 'ten_1'): Promise<void> => {
      await eventLog.produce(Array.from({ length: events }, () => newEvent(tenantId)));
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
    attempts: (): Attempt[] => entries().flatMap((entry) => (entry.$case === 'attempt' ? [entry.value] : [])),
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

export interface Given {
  /** @default standard */
  dialect?: string;
  /** @default 2 */
  partitions?: number;
  /** The tiers are another process, whose clock is ahead by so many milliseconds. @default one process does it all */
  tiersAheadMs?: number;
  /** How long a request to a URL takes, in milliseconds. @default it is answered at once */
  answersAfterMs?: (url: string) => number;
}

/**
 * A dispatcher that does all three parts of the work, for the tenant `ten_1` and his endpoint `ep_1` where nothing else is
 * said.
 *
 * @param startAt of virtual time, ISO 8601
 */
export const open = async (startAt: string, given: Given = {}) => {
  const { dialect = 'standard', partitions = 2, answersAfterMs, tiersAheadMs } = given;
  jest.setSystemTime(new Date(startAt));
  const scope = openScope({ log });
  scopes.push(scope);
  const { eventLog, writes, setAway } = counted(simulatedLog());
  await eventLog.topics(topicSpecs({ partitions, tiers }));
  const view = scope.own('view', await openRegistryView({ log: eventLog, onFailure }));
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  const sent: { atMs: number; runMs: number; eventId: string; url: string }[] = [];
  const clock = { now: () => Date.now() };
  let answered = 200;
  let bug: Error | undefined;
  const deps: DispatcherDeps = {
    scope,
    log,
    clock,
    expiryClock: openExpiryClock({ clock, stopwatch: performance, onStep: () => undefined }),
    random: () => 0,
    eventLog,
    view,
    keyring,
    send: async ({ url, headers }) => {
      sent.push({ atMs: Date.now(), runMs: performance.now(), eventId: headers['webhook-id'] ?? '', url });
      if (bug !== undefined) throw bug;
      const durationMs = answersAfterMs?.(url);
      if (durationMs !== undefined) await new Promise((resolve) => setTimeout(resolve, durationMs));
      return answer(answered, durationMs ?? 1);
    },
    history: { delivery: () => Promise.reject(new Error('unused')), event: () => Promise.reject(new Error('unused')) },
    disableEndpoint: async () => true,
    authenticate: async () => ({ kind: 'admin' }),
    host: '127.0.0.1',
    port: 0,
    roles: tiersAheadMs === undefined ? ['router', 'deliverer', 'delayer'] : ['router', 'deliverer'],
    tiers,
    maxConcurrency: 64,
    maxInFlight: 512,
    maxDeadlineMs: 24 * 60 * minuteMs,
    disableAfterMs: 0,
    onFailure,
  };
  await startDispatcher(deps);
  if (tiersAheadMs !== undefined)
    await startPipeline({ ...deps, roles: ['delayer'], clock: { now: () => Date.now() + tiersAheadMs } });

  const writers = writersOn(eventLog, keyring, dialect);
  await writers.tenant();
  return {
    ...writers,
    ...historyOf(eventLog),
    sent,
    /** How often something was put into a tier. */
    waits: (): number => tiers.reduce((sum, { name }) => sum + eventLog.records(topicNames.retries(name)).length, 0),
    answerWith: (status: number): void => void (answered = status),
    /** Writes all deliveries once more, as a producer does that has not heard that they were written. */
    repeatDeliveries: async (): Promise<void> => {
      const all = eventLog.records(topicNames.deliveries);
      await eventLog.produce(all.map(({ topic, key, value, headers }) => ({ topic, key, value, headers })));
    },
    /** What sends throws from now on: a bug of ours, and no receiver's doing. */
    breakWith: (error: Error | undefined): void => void (bug = error),
    /** From now on nothing can be written, or can again. */
    setAway,
    /** Sets the clock on the wall, forward or back: no timer is moved by it. */
    setClock: (byMs: number): void => jest.setSystemTime(Date.now() + byMs),
    pass: passingTime(() => writes() + sent.length),
  };
};
