/**
 * Reads of what owners before us have written, and our own writes: neither begins while the other is under way. What is
 * known before it was read is not all, and what is read before it was written neither.
 */
export interface ReadsAndWrites {
  /** Under way until `work` has ended: each of its tries is to wait for `written` first. */
  read(work: () => Promise<void>): Promise<void>;
  /** Resolves when no write is under way; never rejects. */
  written(): Promise<unknown>;
  write(work: () => Promise<void>): Promise<void>;
}

export const openReadsAndWrites = (): ReadsAndWrites => {
  const reads = new Set<Promise<void>>();
  let writing: Promise<unknown> = Promise.resolve();
  return {
    read(work) {
      const reading = work();
      reads.add(reading);
      const remove = (): void => void reads.delete(reading);
      reading.then(remove, remove);
      return reading;
    },
    written: () => writing,
    async write(work) {
      while (reads.size > 0) await Promise.allSettled(reads);
      const done = work();
      writing = done.catch(() => undefined);
      await done;
    },
  };
};
