import { createHash } from 'node:crypto';

export const hashOf = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** One event as a publisher meant it. */
export interface Intent {
  /** Of the text of its data, which no other event of the run has. */
  readonly dataHash: string;
  /** Those that an acknowledgment named: one, however often it was published. */
  readonly eventIds: ReadonlySet<string>;
  /** Of the first acknowledgment; undefined where there was none: it may have been accepted all the same. */
  readonly acceptedAtMs: number | undefined;
}

/** The publisher's ledger: what was meant to be sent, written before the call, and what was acknowledged, written after it. */
export interface Intents {
  /** @param data as it is published; published again it is the same event */
  intend(data: unknown): void;
  acknowledge(data: unknown, eventId: string): void;
  all(): Iterable<Intent>;
  byHash(dataHash: string): Intent | undefined;
  /** Acknowledged events, and when they were for the first time. */
  readonly accepted: ReadonlyMap<string, number>;
}

interface OpenIntent {
  dataHash: string;
  eventIds: Set<string>;
  acceptedAtMs: number | undefined;
}

export const openIntents = (): Intents => {
  const intents = new Map<string, OpenIntent>();
  const accepted = new Map<string, number>();
  const intentOf = (data: unknown): OpenIntent => {
    const dataHash = hashOf(JSON.stringify(data));
    const known = intents.get(dataHash) ?? { dataHash, eventIds: new Set<string>(), acceptedAtMs: undefined };
    intents.set(dataHash, known);
    return known;
  };
  return {
    intend: (data) => void intentOf(data),
    acknowledge: (data, eventId) => {
      const intent = intentOf(data);
      const nowMs = Date.now();
      intent.eventIds.add(eventId);
      intent.acceptedAtMs ??= nowMs;
      if (!accepted.has(eventId)) accepted.set(eventId, nowMs);
    },
    all: () => intents.values(),
    byHash: (dataHash) => intents.get(dataHash),
    accepted,
  };
};
