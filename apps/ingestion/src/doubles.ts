// What the tests of this app stand in for: the ports in memory, and waiting for a condition.
import { setTimeout as delay } from 'node:timers/promises';
import { EventType, EventTypePolicy, Tenant, type PublishRequest } from '@bellwire/contracts';
import { openLogger } from '@bellwire/lifecycle';
import type { Catalogue, Reservation, Reservations, Reserved } from './ports.ts';

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
  readonly rows: Map<string, Reservation>;
}

export const memoryReservations = (): MemoryReservations => {
  const rows = new Map<string, Reservation>();
  const take = (wanted: Reservation, expiredAtMs: number): Reserved => {
    const row = rows.get(`${wanted.tenantId}/${wanted.key}`);
    if (row !== undefined && row.acceptedAtMs > expiredAtMs) return { ...row, isNew: false };
    rows.set(`${wanted.tenantId}/${wanted.key}`, wanted);
    return { ...wanted, isNew: true };
  };
  const double: MemoryReservations = {
    mode: 'works',
    statements: [],
    rows,
    reserve: async (wanted, expiredAtMs) => {
      await double.ping();
      double.statements.push([...wanted]);
      if (new Set(wanted.map(({ tenantId, key }) => `${tenantId}/${key}`)).size !== wanted.length)
        throw new Error('a key twice');
      return wanted.map((one) => take(one, expiredAtMs)).toReversed();
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
