import type { EventRecord, FanOut } from '@bellwire/contracts';
import type { KeysLedger } from './keys-ledger.ts';
import type { EventLine } from './lines.ts';
import type { Violations } from './violations.ts';

/** An endpoint, as its owner knows it: virtual times. */
interface KnownEndpoint {
  tenantId: string;
  createdAtMs: number;
  deletedAtMs: number;
}

/** What was accepted, and who is owed it. */
export interface EventsLedger {
  all(): Iterable<EventLine>;
  /** @param partition of the record */
  written(by: string, event: EventRecord, partition: number): EventLine;
  fannedOut(fanOut: FanOut, pending: readonly string[]): void;
  /** The group gives this partition of events to a member. */
  moved(partition: number): void;
  /** It is kept in dead-letters, and not planned. */
  putAside(event: EventRecord): void;
  /** A publisher was told that it is accepted. */
  acknowledged(eventId: string, publishedAtMs: number): void;
  has(eventId: string): boolean;
  /** It may be repeated, by a fault. */
  disturb(eventId: string): void;
  /**
   * A fault explains it where it is repeated. Or the log may have it twice (calls with its key overlapped, or it could not be
   * marked), and its partition has moved between: routers do not tell each other what they have routed.
   */
  isDisturbed(eventId: string): boolean;
  endpointCreated(tenantId: string, endpointId: string, atMs: number): void;
  endpointDeleted(endpointId: string, atMs: number): void;
  /** At the end: endpoints that were there all the time are owed each event. */
  checkPlans(): void;
}

export const openEventsLedger = (violations: Violations, keys: KeysLedger): EventsLedger => {
  const lines = new Map<string, EventLine>();
  const byId = new Map<string, EventLine[]>();
  const endpoints = new Map<string, KnownEndpoint>();
  const disturbed = new Set<string>();

  const lineOf = (tenantId: string, eventId: string, acceptedAtMs: number): EventLine => {
    const name = `${eventId}@${acceptedAtMs}`;
    const known = lines.get(name);
    if (known !== undefined) return known;
    const made: EventLine = {
      name,
      tenantId,
      eventId,
      acceptedAtMs,
      keyName: undefined,
      partition: undefined,
      hasMoved: false,
      isPutAside: false,
      live: new Set(),
      fanOuts: [],
      planned: new Set(),
      publishedAtMs: undefined,
    };
    lines.set(name, made);
    byId.set(eventId, [...(byId.get(eventId) ?? []), made]);
    return made;
  };

  const mayBeRoutedTwice = ({ hasMoved, keyName }: EventLine): boolean =>
    hasMoved && keyName !== undefined && keys.mayBeTwice(keyName);

  return {
    all: () => lines.values(),
    written(by, { tenantId, eventId, acceptedAtMs, idempotencyKey }, partition) {
      const line = lineOf(tenantId, eventId, acceptedAtMs);
      line.partition = partition;
      if (idempotencyKey === undefined) return line;
      line.keyName = keys.written(by, tenantId, idempotencyKey);
      return line;
    },
    moved(partition) {
      for (const line of lines.values()) if (line.partition === partition) line.hasMoved = true;
    },
    putAside({ tenantId, eventId, acceptedAtMs }) {
      lineOf(tenantId, eventId, acceptedAtMs).isPutAside = true;
    },
    fannedOut({ tenantId, eventId, acceptedAtMs, planned }, pending) {
      const line = lineOf(tenantId, eventId, acceptedAtMs);
      line.fanOuts.push(pending);
      for (const { endpointId } of planned) line.planned.add(endpointId);
    },
    acknowledged(eventId, publishedAtMs) {
      const known = byId.get(eventId) ?? [];
      if (known.length === 0) violations.add('acknowledged_too_early', `${eventId} is not on the log`);
      for (const line of known) line.publishedAtMs ??= publishedAtMs;
    },
    has: (eventId) => byId.has(eventId),
    disturb: (eventId) => void disturbed.add(eventId),
    isDisturbed: (eventId) => disturbed.has(eventId) || (byId.get(eventId) ?? []).some(mayBeRoutedTwice),
    endpointCreated: (tenantId, endpointId, createdAtMs) =>
      void endpoints.set(endpointId, { tenantId, createdAtMs, deletedAtMs: Number.POSITIVE_INFINITY }),
    endpointDeleted(endpointId, atMs) {
      const known = endpoints.get(endpointId);
      if (known !== undefined) known.deletedAtMs = atMs;
    },
    checkPlans() {
      for (const { name, tenantId, publishedAtMs, acceptedAtMs, planned, isPutAside } of lines.values())
        for (const [endpointId, endpoint] of endpoints) {
          const wasThere =
            publishedAtMs !== undefined &&
            !isPutAside &&
            endpoint.tenantId === tenantId &&
            // A call that was repeated may have been accepted the first time.
            endpoint.createdAtMs < Math.min(publishedAtMs, acceptedAtMs) &&
            endpoint.deletedAtMs === Number.POSITIVE_INFINITY;
          if (wasThere && !planned.has(endpointId)) violations.add('not_planned', `${name} for ${endpointId}`);
        }
    },
  };
};
