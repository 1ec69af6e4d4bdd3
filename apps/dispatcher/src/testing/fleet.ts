import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditBatch, AuditRecord, EventRecord, fromProto, RegistryChange } from '@bellwire/contracts';
import { isTerminal } from '@bellwire/domain';
import { openLogger, openScope } from '@bellwire/lifecycle';
import { simulatedLog, topicNames, topicSpecs, type SimulatedLog } from '@bellwire/messaging';
import { openRegistryView, registryChangeKey } from '@bellwire/registry-view';
import { openKeyring, type Keyring } from '@bellwire/secrets';
import { newSecret } from '@bellwire/signing';
import type { Send } from '../ports.ts';
import { startDispatcher } from '../start-dispatcher.ts';

// Several dispatchers on one simulated log, in real time, with receivers that are slower than what comes.

const tiers = [
  { name: '1s', delayMs: 200 },
  { name: '5s', delayMs: 1000 },
];
const log = openLogger({ level: 'silent' });
const maxInFlight = 64;
const limitMs = 40_000;

export interface FleetOptions {
  endpoints: number;
  answersAfterMs: number;
  maxConcurrency: number;
}

interface Member {
  /** In order, as SIGTERM does. */
  stop(): Promise<void>;
  /** From one moment to the next: nothing of it reaches the log any more, and the group hears nothing. */
  kill(): void;
}

const onFailure = (error: unknown): never => {
  throw error;
};

const changeOf = (state: RegistryChange['state']) => {
  const change = RegistryChange.fromPartial({ state });
  const value = RegistryChange.encode(change).finish();
  return { topic: topicNames.registryChanges, key: registryChangeKey(change), value };
};

/** A tenant with its endpoints, as registry writes them. */
const registryRecords = (keyring: Keyring, { endpoints, maxConcurrency }: FleetOptions) => {
  const tenant = { id: 'ten_1', name: 'one', dialect: 'standard', createdAt: new Date(0) };
  const endpointRecord = (id: string) => {
    const context = { tenantId: 'ten_1', endpointId: id, purpose: 'secret', version: 1 } as const;
    const sealed = Buffer.from(keyring.seal(newSecret('standard', randomBytes), context));
    const endpoint = { id, url: `https://receiver.example/${id}`, enabled: true, maxConcurrency };
    const value = { tenantId: 'ten_1', version: 1, secrets: [{ version: 1, sealed }], endpoint };
    return changeOf(RegistryChange.fromPartial({ state: { $case: 'endpoint', value } }).state);
  };
  return [
    changeOf(RegistryChange.fromPartial({ state: { $case: 'tenant', value: tenant } }).state),
    ...Array.from({ length: endpoints }, (_, n) => endpointRecord(`ep_${n}`)),
  ];
};

/** How often each delivery was said to have ended. */
const endingsOf = (eventLog: SimulatedLog): Map<string, number> => {
  const endings = new Map<string, number>();
  for (const { value } of eventLog.records(topicNames.audit)) {
    for (const entry of value === null ? [] : AuditBatch.decode(value).entries) {
      const { record } = AuditRecord.decode(entry.record);
      if (record === undefined || record.$case === 'fanOut') continue;
      const status = fromProto.status(record.value.status);
      if (status === undefined || !isTerminal(status)) continue;
      endings.set(record.value.deliveryId, (endings.get(record.value.deliveryId) ?? 0) + 1);
    }
  }
  return endings;
};

const startMember = async (eventLog: SimulatedLog, keyring: Keyring, send: Send): Promise<Member> => {
  const scope = openScope({ log });
  const view = scope.own('view', await openRegistryView({ log: eventLog, onFailure: () => undefined }));
  let isDead = false;
  await startDispatcher({
    scope,
    log,
    clock: { now: () => Date.now() },
    random: () => 0,
    eventLog,
    view,
    keyring,
    send: (request) => (isDead ? new Promise(() => undefined) : send(request)),
    history: { delivery: () => Promise.reject(new Error('unused')), event: () => Promise.reject(new Error('unused')) },
    disableEndpoint: async () => true,
    authenticate: async () => ({ kind: 'admin' }),
    host: '127.0.0.1',
    port: 0,
    roles: ['router', 'deliverer', 'delayer'],
    tiers,
    maxConcurrency: 64,
    maxInFlight,
    maxDeadlineMs: 60_000,
    disableAfterMs: 0,
    onFailure: (error) => isDead || onFailure(error),
  });
  return {
    stop: async () => {
      await scope.close();
      await eventLog.close();
    },
    kill: () => {
      isDead = true;
      void eventLog.close();
      void scope.close();
    },
  };
};

export interface Fleet {
  publish(events: number): Promise<void>;
  arrived(): number;
  /** Deliveries that history shows as ended. */
  ended(): number;
  /** Of all that was published: what never arrived, what arrived more than once, what ended more than once. */
  ledger(): { lost: number; repeated: number; endedTwice: number };
  join(): Promise<Member>;
  restart(nth: number): Promise<void>;
  kill(nth: number): void;
  maxInFlight: number;
  pass(ms: number): Promise<void>;
  until(what: string, isTrue: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export const openTwoDispatchers = async (options: FleetOptions): Promise<Fleet> => {
  const eventLog = simulatedLog();
  await eventLog.topics(topicSpecs({ partitions: 4, tiers }));
  const keyring = openKeyring({ masterKey: randomBytes(32).toString('hex') });
  await eventLog.produce(registryRecords(keyring, options));
  const published: string[] = [];
  const arrivals = new Map<string, number>();
  const send: Send = async ({ url, headers }) => {
    const name = `${url.slice(url.lastIndexOf('/') + 1)} ${headers['webhook-id']}`;
    arrivals.set(name, (arrivals.get(name) ?? 0) + 1);
    await sleep(options.answersAfterMs);
    const response = { status: 200, headers: {}, body: '' };
    return { outcome: 'delivered', response, durationMs: options.answersAfterMs, timings: {} };
  };
  const start = (): Promise<Member> => startMember(eventLog.connect(), keyring, send);
  const members = [await start(), await start()];
  const guests: Member[] = [];

  return {
    maxInFlight,
    publish: async (events) => {
      for (let n = 0; n < events; n++) {
        const eventId = `evt_${randomBytes(8).toString('hex')}`;
        const times = { acceptedAtMs: Date.now(), occurredAtMs: Date.now() };
        const event = EventRecord.fromPartial({ tenantId: 'ten_1', eventId, type: 'order.paid', data: '1', ...times });
        await eventLog.produce([{ topic: topicNames.events, key: eventId, value: EventRecord.encode(event).finish() }]);
        published.push(eventId);
      }
    },
    arrived: () => [...arrivals.values()].reduce((sum, count) => sum + count, 0),
    ended: () => endingsOf(eventLog).size,
    ledger: () => {
      const lost = published.length * options.endpoints - arrivals.size;
      const repeated = [...arrivals.values()].reduce((sum, count) => sum + count - 1, 0);
      const endedTwice = [...endingsOf(eventLog).values()].filter((count) => count > 1).length;
      return { lost, repeated, endedTwice };
    },
    join: async () => {
      const guest = await start();
      guests.push(guest);
      return guest;
    },
    restart: async (nth) => {
      await members[nth]?.stop();
      members[nth] = await start();
    },
    kill: (nth) => members.splice(nth, 1)[0]?.kill(),
    pass: (ms) => sleep(ms),
    until: async (what, isTrue) => {
      for (const endsAt = Date.now() + limitMs; !isTrue(); await sleep(20))
        if (Date.now() > endsAt) throw new Error(`gave up waiting for ${what}`);
    },
    close: async () => {
      await Promise.all(members.map((member) => member.stop()));
      await eventLog.close();
    },
  };
};
