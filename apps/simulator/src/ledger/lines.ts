import type { DeliveryRecord } from '@bellwire/contracts';
import type { DeliveryStatus } from '@bellwire/domain';

/** A record of events, deliveries or a tier, until its group has committed it. */
export interface Tracked {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly of: EventLine | Step | 'undecodable';
  isSettled: boolean;
}

/** A record of a delivery. */
export interface Step {
  readonly line: Line;
  readonly round: number;
  readonly attempt: number;
  /** It orders to cancel the round. */
  readonly isOrder: boolean;
}

/** An event with its acceptance: what is owed to each endpoint of its tenant. */
export interface EventLine {
  readonly name: string;
  readonly tenantId: string;
  readonly eventId: string;
  readonly acceptedAtMs: number;
  /** Its tenant and idempotency key. */
  keyName: string | undefined;
  partition: number | undefined;
  /** Its partition has moved since it was written. */
  hasMoved: boolean;
  /** It is in dead-letters: too many processes have ended that had it in hand. */
  isPutAside: boolean;
  /** Not committed. */
  readonly live: Set<Tracked>;
  /** Of each fan-out, the deliveries that it says are pending. */
  readonly fanOuts: (readonly string[])[];
  /** All endpoints that some fan-out planned. */
  readonly planned: Set<string>;
  /** When the call that was acknowledged began; undefined: nobody was told that it is accepted. */
  publishedAtMs: number | undefined;
}

/** One delivery, as the log tells of it. */
export interface Line {
  readonly id: string;
  readonly eventId: string;
  readonly endpointId: string;
  /** The newest record of it. */
  record: DeliveryRecord;
  /** Not committed. */
  readonly live: Set<Tracked>;
  newestRound: number;
  /** Greatest attempt of the newest round of which there was a record. */
  newestAttempt: number;
  /** Terminal states, by round. */
  readonly ends: Map<number, Set<DeliveryStatus>>;
  readonly cancelled: Set<number>;
  /** Ids of the attempts that were made, by number. */
  readonly attempts: Map<number, Set<string>>;
  lastAttempt: number;
  /** By round and attempt: when it may be made at the earliest. */
  readonly dueAtMs: Map<string, number>;
  /** Puts into tiers, since then; begins anew after some seconds. */
  readonly puts: { sinceMs: number; count: number };
  /** A fault may have repeated it. */
  isDisturbed: boolean;
  requestsUnderWay: number;
}

export const newLine = (record: DeliveryRecord): Line => ({
  id: record.deliveryId,
  eventId: record.eventId,
  endpointId: record.endpointId,
  record,
  live: new Set(),
  newestRound: 0,
  newestAttempt: 0,
  ends: new Map(),
  cancelled: new Set(),
  attempts: new Map(),
  lastAttempt: 0,
  dueAtMs: new Map(),
  puts: { sinceMs: 0, count: 0 },
  isDisturbed: false,
  requestsUnderWay: 0,
});

/** Whether this round, or a later one, has ended. */
export const hasEnded = (line: Line, round: number): boolean => {
  for (const ended of line.ends.keys()) if (ended >= round) return true;
  return false;
};

export const isOver = (line: Line): boolean => hasEnded(line, line.newestRound);

/** What a record stands for has ended, or goes on in another record that is not committed. */
export const isFollowed = (tracked: Tracked, { line, round, attempt, isOrder }: Step): boolean => {
  if (hasEnded(line, round)) return true;
  if (isOrder) return false;
  for (const other of line.live) {
    if (other === tracked || other.of === 'undecodable' || !('line' in other.of)) continue;
    // An order that is not followed yet will end the round.
    const goesOn = other.of.isOrder || other.of.attempt >= attempt;
    if (other.of.round > round || (other.of.round === round && goesOn)) return true;
  }
  return false;
};
