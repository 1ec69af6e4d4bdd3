// What the tests of this app stand in for: the ports in memory, and waiting for a condition.
import { setTimeout as delay } from 'node:timers/promises';
import { EventType, EventTypePolicy, Tenant, type PublishRequest } from '@bellwire/contracts';
import { openLogger } from '@bellwire/lifecycle';
import {
  reservationMs,
  reservationName,
  type Catalogue,
  type Reservation,
  type Reservations,
  type Reserved,
} from './ports.ts';

export const silentLog = openLogger({ level: 'silent' });

/** Resolves once the claim holds; fails after ten seconds. */
export const until = async (claim: () => boolean | Promise<boolean>): Promise<void> => {
  const endsAt = performance.now() + 10_000;
  while (!(await claim())) {
    if (performance.now() > endsAt) throw new Error(`waited in vain until ${claim.toString()}`);
    await delay(2);
  }
};

export const anEvent = (event: Partial<PublishRequest> = {}): PublishRequest => ({
  type: 'order.paid',
  data: '{"amount": 1.0}',
  actionUrls: {},
  ...event,
});

export interface FakeCatalogue extends Catalogue {
  add(tenant: Partial<Tenant>, types?: readonly Partial<EventType>[]): void;
  /** What becomes visible by the next catchUp. */
  addLater(tenant: Partial<Tenant>, types?: readonly Partial<EventType>[]): void;
  readonly questions: () => number;
}

export const fakeCatalogue = (): FakeCatalogue => {
  const tenants = new Map<string, Tenant>();
  const types = new Map<string, EventType>();
  const later: (() => void)[] = [];
  let questions = 0;
  const add: FakeCatalogue['add'] = (tenant, ofTenant = []) => {
    const made = Tenant.fromPartial({ id: 'ten_1', eventTypePolicy: EventTypePolicy.OPEN, ...tenant });
    tenants.set(made.id, made);
    for (const type of ofTenant)
      types.set(`${made.id}/${type.name ?? ''}`, EventType.fromPartial({ version: 1, ...type }));
  };
  return {
    add,
    addLater: (...change) => void later.push(() => add(...change)),
    questions: () => questions,
    tenant: (id) => tenants.get(id),
    eventType: (tenantId, name) => {
      const eventType = types.get(`${tenantId}/${name}`);
      return eventType === undefined ? undefined : { tenantId, eventType };
    },
    catchUp: async () => {
      questions++;
      for (const apply of later.splice(0)) apply();
    },
  };
};

/** Reservations in memory, which can be made to fail or to hang. */
export interface MemoryReservations extends Reservations {
  mode: 'works' | 'fails' | 'hangs';
  readonly statements: Reservation[][];
  /** Of marks. */
  readonly marks: Reservation[][];
  readonly rows: Map<string, Reservation>;
}

/** As the one in Postgres, which reservations.itest.ts holds against it. */
export const memoryReservations = (): MemoryReservations => {
  const rows = new Map<string, Reservation>();
  const onLog = new Set<Reservation>();
  const take = (wanted: Reservation, expiredAtMs: number): Reserved => {
    const row = rows.get(reservationName(wanted));
    if (row !== undefined && row.acceptedAtMs > expiredAtMs) {
      return { ...row, isNew: false, isOnLog: onLog.has(row) };
    }
    rows.set(reservationName(wanted), wanted);
    return { ...wanted, isNew: true, isOnLog: false };
  };
  const markOne = (one: Reservation): void => {
    const row = rows.get(reservationName(one));
    if (row === undefined || row.acceptedAtMs <= one.acceptedAtMs - reservationMs) rows.set(reservationName(one), one);
    const kept = rows.get(reservationName(one)) ?? one;
    if (kept.acceptedAtMs === one.acceptedAtMs && kept.bodyHash === one.bodyHash) onLog.add(kept);
  };
  const double: MemoryReservations = {
    mode: 'works',
    statements: [],
    marks: [],
    rows,
    reserve: async (wanted, expiredAtMs) => {
      await double.ping();
      double.statements.push([...wanted]);
      if (new Set(wanted.map(reservationName)).size !== wanted.length) throw new Error('a key twice');
      return wanted.map((one) => take(one, expiredAtMs)).toReversed();
    },
    markOnLog: async (marked) => {
      await double.ping();
      double.marks.push([...marked]);
      if (new Set(marked.map(reservationName)).size !== marked.length) throw new Error('a key twice');
      for (const one of marked) markOne(one);
    },
    ping: async () => {
      await delay(1);
      if (double.mode === 'hangs') await new Promise(() => undefined);
      if (double.mode === 'fails') throw new Error('the database is away');
    },
    deleteExpired: async () => 0,
  };
  return double;
};
