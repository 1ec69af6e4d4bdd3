// The one crossing between the words people read (design: delivered, dead_lettered, ...) and the enums on the wire.
import { DeliveryStatus, Outcome } from './generated/bellwire/log/v1/log.ts';
import { EventTypePolicy, RetryOn } from './generated/bellwire/registry/v1/registry.ts';

const status = {
  pending: DeliveryStatus.PENDING,
  held: DeliveryStatus.HELD,
  retrying: DeliveryStatus.RETRYING,
  delivered: DeliveryStatus.DELIVERED,
  dead_lettered: DeliveryStatus.DEAD_LETTERED,
  skipped: DeliveryStatus.SKIPPED,
  cancelled: DeliveryStatus.CANCELLED,
} as const;

const outcome = {
  delivered: Outcome.DELIVERED,
  rejected: Outcome.REJECTED,
  unreachable: Outcome.UNREACHABLE,
  timed_out: Outcome.TIMED_OUT,
  blocked: Outcome.BLOCKED,
} as const;

const retryOn = { any_failure: RetryOn.ANY_FAILURE, transient: RetryOn.TRANSIENT } as const;

const eventTypePolicy = { open: EventTypePolicy.OPEN, strict: EventTypePolicy.STRICT } as const;

const tables = { status, outcome, retryOn, eventTypePolicy } as const;
type Tables = typeof tables;

/** `toProto.status.delivered` is the enum value on the wire. */
export const toProto: Tables = tables;

const reversed = <Word extends string, Value extends string>(table: Readonly<Record<Word, Value>>) => {
  const words = new Map<string, Word>();
  for (const word in table) words.set(table[word], word);
  return (value: string): Word | undefined => words.get(value);
};

/** `fromProto.status(value)` is the word for an enum value; undefined for UNSPECIFIED and values of a later version. */
export const fromProto = {
  status: reversed(status),
  outcome: reversed(outcome),
  retryOn: reversed(retryOn),
  eventTypePolicy: reversed(eventTypePolicy),
};
