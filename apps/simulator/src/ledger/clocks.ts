/** How far the clocks of the processes are from the true time, and were. */
export interface Clocks {
  offsetOf(process: string): number;
  set(process: string, offsetMs: number): void;
  /** Every offset that a clock of this process had. */
  offsetsOf(process: string): readonly number[];
  /** The greatest difference between two clocks so far, or of one with itself before. */
  spreadMs(): number;
}

export const openClocks = (): Clocks => {
  const offsets = new Map<string, number[]>();
  let least = 0;
  let most = 0;
  const of = (process: string): number[] => {
    const known = offsets.get(process) ?? [0];
    offsets.set(process, known);
    return known;
  };
  return {
    offsetOf: (process) => of(process).at(-1) ?? 0,
    set(process, offsetMs) {
      of(process).push(offsetMs);
      least = Math.min(least, offsetMs);
      most = Math.max(most, offsetMs);
    },
    offsetsOf: of,
    spreadMs: () => most - least,
  };
};
