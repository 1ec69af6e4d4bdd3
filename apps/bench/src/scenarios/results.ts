import type { MemoryCourse } from '../product/memory-samples.ts';
import type { GroupCost } from '../product/process-groups.ts';
import type { Quantiles } from '../statistics.ts';
import type { FloorReport } from '../traffic/floor-protocol.ts';
import type { PublishMode } from '../traffic/generator-protocol.ts';
import type { BurstsResult } from './burst.ts';
import type { OutageResult } from './outage.ts';

/** How busy the machine was while a load ran; a figure without it means little. */
export interface MachineUse {
  /** One minute, at the end. */
  loadAverage: number;
  /** Cores used by what has no part in the run. */
  otherCores: number;
  stolenCores: number;
}

/** What came to an endpoint beside those that are measured. */
export interface NeighbourResult {
  name: string;
  endpointId: string;
  /** Events that it is owed. */
  accepted: number;
  requests: number;
  /** Events that came. */
  arrived: number;
  /** Of the log, until the product ended: in deliveries, retries and dead letters. Absent where nobody counted. */
  records?: number;
}

/** A sentence about a run; where it is about what was promised, whether it was kept. */
export interface Finding {
  sentence: string;
  isKept?: boolean;
}

/** What came of one load: of its measured endpoints, where nothing else is said. */
export interface LoadResult {
  /** What was published to whom. */
  title: string;
  events: number;
  accepted: number;
  refused: number;
  deliveries: number;
  /** From the first to the last arrival. */
  deliveriesPerSecond: number;
  /** From the first call to the last answer. */
  acceptedPerSecond: number;
  /** From the start of the publish call (at a given rate: when it was due) to the arrival, in milliseconds. */
  latencyMs: Quantiles;
  /** From the same moment to the answer of the call. */
  answerMs: Quantiles;
  lost: number;
  duplicates: number;
  signaturesVerified: number;
  signaturesWrong: number;
  failures: string[];
  neighbours: NeighbourResult[];
  /** CPU seconds per 1,000 deliveries of each process of the product, and their peaks. */
  costs: Record<string, { cpuPerThousand: number; peakMebibytes: number }>;
  /** Of Postgres' CPU seconds per 1,000, what the connections of each database took. */
  databases: Record<string, number>;
  /** Resident memory of each process. */
  memory: Record<string, MemoryCourse>;
  cpuPerThousand: number;
  /** The bench's own: not in the sum. */
  generatorCpuPerThousand: number;
  receiverCpuPerThousand: number;
  machine: MachineUse;
  /** The window of the load on the machine's clock, for profiles. */
  window: { fromMs: number; toMs: number };
}

export interface RunResult {
  run: number;
  scenario: string;
  publish: PublishMode;
  readyAfterMs: number;
  loads: LoadResult[];
  /** Of (vi), in place of loads. */
  outage?: OutageResult;
  /** Of (vii), in place of loads. */
  bursts?: BurstsResult;
  findings: Finding[];
  floor: FloorReport;
  /** Deliveries per second of the first load as a share of the floor's posts. */
  floorShare: number | undefined;
}

/** CPU per 1,000 deliveries from seconds in all. */
export const perThousand = (costs: Readonly<Record<string, GroupCost>>, deliveries: number): LoadResult['costs'] =>
  Object.fromEntries(
    Object.entries(costs).map(([name, { cpuSeconds, peakMebibytes }]) => [
      name,
      { cpuPerThousand: (cpuSeconds * 1000) / deliveries, peakMebibytes },
    ]),
  );
