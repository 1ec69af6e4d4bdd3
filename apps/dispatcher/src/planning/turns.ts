import type { Stopwatch } from '@bellwire/domain';
import { sizeOfRecord, type NewRecord } from '@bellwire/messaging';
import type { Plan } from './plan-deliveries.ts';

export interface TurnsOptions {
  stopwatch: Stopwatch;
  /** Of one slice; it may have one step of a plan more. @default 1000 records, 8 MiB, 25 ms of planning */
  slice?: { records: number; bytes: number; ms: number };
}

const defaultSlice = { records: 1000, bytes: 8 * 1024 * 1024, ms: 25 };
/** Records of a tenant in one turn, while others wait. */
const recordsPerTurn = 20;

/** A part of what is planned, to be written at once. */
export interface PlannedSlice<Item> {
  records: readonly NewRecord[];
  /** Whose plans end with it, and what comes later of each. */
  ended: readonly { item: Item; later: Promise<Plan> | undefined }[];
  /** Whose plans have thrown, and are forgotten. */
  failed: readonly { item: Item; error: unknown }[];
  /** Of all who have something in it, or end with it. */
  items: ReadonlySet<Item>;
}

interface Step<Item> {
  plan: Plan;
  item: Item;
  isBegun: boolean;
}

/**
 * Plans under way, taken in slices: one event to very many endpoints is written piece by piece, and other tenants have
 * their turns in between, as has everything else of the process. The events of one tenant are written in order, one after
 * the other.
 */
export const openTurns = <Item>({ stopwatch, slice = defaultSlice }: TurnsOptions) => {
  const lines = new Map<string, Step<Item>[]>();

  const take = (): PlannedSlice<Item> => {
    const records: NewRecord[] = [];
    const ended: { item: Item; later: Promise<Plan> | undefined }[] = [];
    const failed: { item: Item; error: unknown }[] = [];
    const items = new Set<Item>();
    let bytes = 0;
    const endsAtMs = stopwatch.now() + slice.ms;
    const isFull = (): boolean =>
      records.length >= slice.records || bytes >= slice.bytes || stopwatch.now() >= endsAtMs;

    /** The next of a plan. A bug in it is its own failure. */
    const advance = ({ plan, item }: Step<Item>): 'made' | 'paused' | 'ended' => {
      try {
        const { done, value } = plan.next();
        items.add(item);
        if (done) {
          ended.push({ item, later: value });
          return 'ended';
        }
        if (value === undefined) return 'paused';
        records.push(value);
        bytes += sizeOfRecord(value);
        return 'made';
      } catch (error) {
        items.delete(item);
        failed.push({ item, error });
        return 'ended';
      }
    };

    /** As much of a line as one turn allows. */
    const turn = (line: Step<Item>[]): void => {
      const end = records.length + recordsPerTurn;
      for (let step = line[0]; step !== undefined && records.length < end && !isFull(); step = line[0]) {
        step.isBegun = true;
        const came = advance(step);
        if (came === 'ended') line.shift();
        if (came === 'paused') return;
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
    return { records, ended, failed, items };
  };

  const dropSteps = (isGone: (step: Step<Item>) => boolean): Item[] => {
    const dropped: Item[] = [];
    for (const [tenantId, line] of lines) {
      const kept: Step<Item>[] = [];
      for (const step of line) {
        if (isGone(step)) dropped.push(step.item);
        else kept.push(step);
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
    /** Forgets what is not begun of those of whom that is true, and answers whose it was. */
    drop: (isGone: (item: Item) => boolean): Item[] => dropSteps(({ isBegun, item }) => !isBegun && isGone(item)),
    /** Forgets all of these, begun or not. */
    forget: (items: ReadonlySet<Item>): void => void dropSteps(({ item }) => items.has(item)),
    isEmpty: (): boolean => lines.size === 0,
    take,
  };
};
