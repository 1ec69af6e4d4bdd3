import type { Ledger } from '../ledger/ledger.ts';
import type { Person } from '../load/person.ts';
import type { Registry } from '../load/registry.ts';
import type { ReservationTable } from '../load/reservation-table.ts';
import type { Fleet } from '../processes/fleet.ts';
import type { IngestionProcess } from '../processes/ingestion-process.ts';
import type { SimulatedProcess } from '../processes/process.ts';
import type { World } from '../world/world.ts';
import type { FaultKind } from './fault-counts.ts';

export interface FaultPlanDeps {
  world: World;
  ledger: Ledger;
  dispatchers: Fleet<SimulatedProcess>;
  ingestion: Fleet<IngestionProcess>;
  registry: Registry;
  table: ReservationTable;
  person: Person;
  /** Makes a new endpoint of some tenant. */
  newEndpoint(): void;
}

/** Lets one fault strike, by kind. */
export type Acts = Partial<Record<FaultKind, () => void>>;
