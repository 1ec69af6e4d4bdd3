import { startPipeline } from '@bellwire/dispatcher';
import { parseTiers } from '@bellwire/domain';
import { openScope } from '@bellwire/lifecycle';
import type { LogRecord } from '@bellwire/messaging';
import { openRegistryView } from '@bellwire/registry-view';
import type { Keyring } from '@bellwire/secrets';
import type { Ledger } from '../ledger/ledger.ts';
import type { Receivers } from '../load/receivers.ts';
import type { Registry } from '../load/registry.ts';
import { openProcessLog } from '../log/process-log.ts';
import type { ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';
import { openKnownRegistry } from './known-registry.ts';
import type { SimulatedProcess } from './process.ts';
import { silentLog } from './silent-log.ts';

export const tiers = parseTiers('1s 5s 15s 1m 5m 30m');
export const maxInFlight = 48;
export const maxConcurrency = 8;
const dayMs = 24 * 60 * 60 * 1000;

export interface DispatcherProcessDeps {
  world: World;
  ledger: Ledger;
  gate: ProcessGate;
  keyring: Keyring;
  receivers: Receivers;
  registry: Registry;
  /** It cannot go on: it ends, and is started again. */
  onEnd(error: unknown): void;
}

/** The real dispatcher, but for its server. */
export const startDispatcherProcess = (deps: DispatcherProcessDeps): SimulatedProcess => {
  const { world, ledger, gate, keyring, receivers, registry, onEnd } = deps;
  const known = openKnownRegistry(world.time.nowMs, maxConcurrency);
  const log = openProcessLog({ world, ledger, gate, onRegistry: known.tell });
  const dice = world.dice.fork();
  const scope = openScope({ log: silentLog });
  let isStopping = false;

  const disableEndpoint = async (
    state: { endpoint?: { id: string } | undefined },
    reason: string,
  ): Promise<boolean> => {
    registry.edit(state.endpoint?.id ?? '', { enabled: false, disabledReason: reason });
    return true;
  };

  /** Without a record the log could not be reached. */
  const onViewFailure = (error: unknown, record?: LogRecord): void => {
    if (record !== undefined) onEnd(error);
  };

  const start = async (): Promise<void> => {
    const view = scope.own('view', await openRegistryView({ log, onFailure: onViewFailure }));
    await startPipeline({
      scope,
      log: silentLog,
      clock: { now: () => Date.now() + ledger.clocks.offsetOf(gate.name) },
      random: dice.next,
      eventLog: log,
      view,
      keyring,
      send: receivers.sendFrom(gate, known),
      disableEndpoint,
      roles: ['router', 'deliverer', 'delayer'],
      tiers,
      maxConcurrency,
      maxInFlight,
      maxDeadlineMs: dayMs,
      disableAfterMs: 0,
      onFailure: (error) => {
        if (!isStopping) onEnd(error);
      },
    });
  };

  gate.enter(() => void start().catch(onEnd));
  return {
    gate,
    log,
    stop: () =>
      new Promise((resolve) => {
        gate.enter(() => {
          isStopping = true;
          void scope.close().then(resolve);
        });
      }),
  };
};
