/** Idempotency keys of which the log may have the event twice, through no fault of ours. */
export interface KeysLedger {
  /** A call that publishes the key begins, or was answered. One that was neither answered nor refused may write for ever. */
  asked(tenantId: string, key: string): void;
  answered(tenantId: string, key: string): void;
  /** The process has written an event with the key; answers the name of the key. */
  written(by: string, tenantId: string, key: string): string;
  /** The reservation of the key says now that the log has its event. */
  marked(tenantId: string, key: string): void;
  /** The database was away when it was asked for the key. */
  unmarked(tenantId: string, key: string): void;
  /** The process was killed: what it had not marked by then is written again when it is repeated. */
  ended(process: string): void;
  mayBeTwice(keyName: string): boolean;
}

const nameOf = (tenantId: string, key: string): string => `${tenantId}/${key}`;

export const openKeysLedger = (): KeysLedger => {
  const asking = new Map<string, number>();
  const twice = new Set<string>();
  /** Keys that each process has written, and not marked yet. */
  const unmarkedBy = new Map<string, Set<string>>();

  return {
    asked(tenantId, key) {
      const name = nameOf(tenantId, key);
      const others = asking.get(name) ?? 0;
      asking.set(name, others + 1);
      if (others > 0) twice.add(name);
    },
    answered(tenantId, key) {
      const name = nameOf(tenantId, key);
      asking.set(name, (asking.get(name) ?? 0) - 1);
    },
    written(by, tenantId, key) {
      const name = nameOf(tenantId, key);
      unmarkedBy.set(by, (unmarkedBy.get(by) ?? new Set()).add(name));
      return name;
    },
    marked(tenantId, key) {
      for (const names of unmarkedBy.values()) names.delete(nameOf(tenantId, key));
    },
    unmarked: (tenantId, key) => void twice.add(nameOf(tenantId, key)),
    ended(process) {
      for (const name of unmarkedBy.get(process) ?? []) twice.add(name);
    },
    mayBeTwice: (keyName) => twice.has(keyName),
  };
};
