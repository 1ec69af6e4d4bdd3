/** A change that is committed and not yet known to be on the log. */
export interface OutboxRow {
  id: number;
  key: string;
  /** Null: the key is deleted. */
  value: Uint8Array | null;
  /** Trace context of the call that made it. */
  headers: Readonly<Record<string, string>>;
}

export interface Outbox {
  /**
   * Hands the oldest rows, in order of id, to `publish` and removes them once it has resolved; where it rejects they
   * stay. One call at a time gets through, over all processes. Answers how many there were.
   *
   * @throws Fault DATABASE_UNAVAILABLE, and what `publish` throws
   */
  take(limit: number, publish: (rows: readonly OutboxRow[]) => Promise<void>): Promise<number>;
}
