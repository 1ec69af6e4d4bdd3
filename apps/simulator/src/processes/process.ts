import type { ProcessLog } from '../log/process-log.ts';
import type { ProcessGate } from '../world/process-gate.ts';

/** One process of the product, from its start to its end. */
export interface SimulatedProcess {
  readonly gate: ProcessGate;
  readonly log: ProcessLog;
  /** SIGTERM: resolves when it has ended. */
  stop(): Promise<void>;
}

export type ProcessKind = 'dispatcher' | 'ingestion';
