/** Partitions that have just come: what is known of their endpoints is not all until the log was read. */
export interface Preparations {
  add(preparation: Promise<void>): Promise<void>;
  /** Resolves when none is under way. */
  done(): Promise<void>;
}

export const openPreparations = (): Preparations => {
  const underWay = new Set<Promise<void>>();
  return {
    add(preparation) {
      underWay.add(preparation);
      const remove = (): void => void underWay.delete(preparation);
      preparation.then(remove, remove);
      return preparation;
    },
    async done() {
      while (underWay.size > 0) await Promise.allSettled(underWay);
    },
  };
};
