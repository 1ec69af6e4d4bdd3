import type { PublishRequest } from '@bellwire/contracts';
import { openAcceptance, type AcceptEvents, type Accepted } from '@bellwire/ingestion';
import { openScope } from '@bellwire/lifecycle';
import type { LogRecord } from '@bellwire/messaging';
import { openRegistryView } from '@bellwire/registry-view';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReservationTable } from '../load/reservation-table.ts';
import { openProcessLog } from '../log/process-log.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';
import type { SimulatedProcess } from './process.ts';
import { silentLog } from './silent-log.ts';

/** Data of an event may have so many bytes. */
export const maxPayloadBytes = 64 * 1024;

export interface IngestionProcess extends SimulatedProcess {
  /** A call of a publisher; it comes to no end where the process is killed. */
  publish(tenantId: string, events: readonly PublishRequest[]): Promise<readonly Accepted[]>;
  isServing(): boolean;
}

export interface IngestionProcessDeps {
  world: World;
  ledger: Ledger;
  gate: ProcessGate;
  table: ReservationTable;
  onEnd(error: unknown): void;
}

/** The real acceptance of ingestion, but for its server and its database. */
export const startIngestionProcess = (deps: IngestionProcessDeps): IngestionProcess => {
  const { world, ledger, gate, table, onEnd } = deps;
  const { time } = world;
  const log = openProcessLog({ world, ledger, gate, onRegistry: () => undefined });
  const scope = openScope({ log: silentLog });
  let acceptEvents: AcceptEvents | undefined;
  let isStopping = false;

  /** Without a record the log could not be reached. */
  const onViewFailure = (error: unknown, record?: LogRecord): void => {
    if (record !== undefined) onEnd(error);
  };

  const start = async (): Promise<void> => {
    const view = scope.own('view', await openRegistryView({ log, onFailure: onViewFailure }));
    acceptEvents = openAcceptance({
      scope,
      log: silentLog,
      clock: { now: () => Date.now() + ledger.clocks.offsetOf(gate.name) },
      eventLog: log,
      view,
      reservations: table.through(gate),
      maxPayloadBytes,
      learnEventTypes: async () => undefined,
    });
  };

  gate.enter(() => void start().catch(onEnd));
  return {
    gate,
    log,
    isServing: () => acceptEvents !== undefined && gate.isAlive() && !isStopping,
    publish: (tenantId, events) =>
      new Promise((resolve, reject) => {
        const accept = acceptEvents;
        if (accept === undefined) return reject(new Error('it has not started'));
        gate.enter(() => {
          // What it answers is on its way, whatever becomes of it.
          accept({ tenantId, subject: undefined }, events).then(
            (answers) => time.after(1, () => resolve(answers)),
            (error: unknown) => time.after(1, () => reject(error)),
          );
        });
      }),
    stop: () =>
      new Promise((resolve) => {
        gate.enter(() => {
          isStopping = true;
          void scope.close().then(resolve);
        });
      }),
  };
};
