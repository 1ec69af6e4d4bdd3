import { sizeOfRecord, type NewRecord } from '@bellwire/messaging';
import type { Plan } from './plan-deliveries.ts';

export interface TurnsOptions {
  /** Of one slice. It may have one record more. @default 1000 records, 8 MiB */
  slice?: { records: number; bytes: number };
}

/** Records of a tenant in one turn, while others wait. */
const recordsPerTurn = 100;
/** Times in one slice that a plan has nothing to write for a while. */
const pausesPerSlice = 8;

/** A part of what is planned, to be written at once. */
export interface PlannedSlice<Item> {
  records: readonly NewRecord[];
  /** Whose plans end with it, and what comes later of each. */
  ended: readonly { item: Item; later: Promise<Plan> | undefined }[];
}

interface Step<Item> {
  plan: Plan;
  item: Item;
  isBegun: boolean;
}

/**
 * Plans under way, taken in slices: one event to very many endpoints is written piece by piece, and other tenants have
 * their turns in between. The events of one tenant are written in order, one after the other.
 */
export const openTurns = <Item>({ slice = { records: 1000, bytes: 8 * 1024 * 1024 } }: TurnsOptions = {}) => {
  const lines = new Map<string, Step<Item>[]>();

  const take = (): PlannedSlice<Item> => {
    const records: NewRecord[] = [];
    const ended: { item: Item; later: Promise<Plan> | undefined }[] = [];
    let bytes = 0;
    let pauses = 0;
    const isFull = (): boolean => records.length >= slice.records || bytes >= slice.bytes || pauses >= pausesPerSlice;

    /** As much of a line as one turn allows. */
    const turn = (line: Step<Item>[]): void => {
      const end = records.length + recordsPerTurn;
      for (let step = line[0]; step !== undefined && records.length < end && !isFull();) {
        step.isBegun = true;
        const { done, value } = step.plan.next();
        if (done) {
          ended.push({ item: step.item, later: value });
          line.shift();
          step = line[0];
        } else if (value === undefined) {
          pauses++;
          return;
        } else {
          records.push(value);
          bytes += sizeOfRecord(value);
        }
      }
    };

    while (lines.size > 0 && !isFull()) {
      for (const [tenantId, line] of lines) {
        if (isFull()) break;
        turn(line);
        // Behind the others, where there is more of it.
        lines.delete(tenantId);
        if (line.length > 0) lines.set(tenantId, line);
      }
    }
    return { records, ended };
  };

  const drop = (isGone: (item: Item) => boolean): Item[] => {
    const dropped: Item[] = [];
    for (const [tenantId, line] of lines) {
      const kept: Step<Item>[] = [];
      for (const step of line) {
        if (step.isBegun || !isGone(step.item)) kept.push(step);
        else dropped.push(step.item);
      }
      if (kept.length > 0) lines.set(tenantId, kept);
      else lines.delete(tenantId);
    }
    return dropped;
  };

  return {
    /** @param isBegun something of the same item was written before */
    add: (tenantId: string, plan: Plan, item: Item, isBegun = false): void => {
      const step = { plan, item, isBegun };
      const line = lines.get(tenantId);
      if (line === undefined) lines.set(tenantId, [step]);
      else line.push(step);
    },
    /** Forgets whom that is true of and what is not begun, and answers whose it was. */
    drop,
    isEmpty: (): boolean => lines.size === 0,
    take,
  };
};
