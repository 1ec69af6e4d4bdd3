import type { SimulatedLog } from '@bellwire/messaging';
import type { LogFaults } from '../log/log-faults.ts';
import type { Dice } from './random.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What all parts of a run share. */
export interface World {
  time: VirtualTime;
  /** Each part forks its own. */
  dice: Dice;
  trace: Trace;
  log: SimulatedLog;
  logFaults: LogFaults;
  partitions: number;
}
