import { simulatedLog, topicSpecs } from '@bellwire/messaging';
import { openKeyring, type Keyring } from '@bellwire/secrets';
import type { FaultCounts } from './faults/fault-counts.ts';
import { letFaultsStrike } from './faults/fault-plan.ts';
import { openLedger, type Ledger } from './ledger/ledger.ts';
import type { Violation } from './ledger/violations.ts';
import { openPublishers } from './load/publishers.ts';
import { makePerson } from './load/person.ts';
import { openReceivers, urlOf, type Receivers } from './load/receivers.ts';
import { openRegistry, type Registry } from './load/registry.ts';
import { openReservationTable } from './load/reservation-table.ts';
import { tempers, type Temper } from './load/tempers.ts';
import { noLogFaults } from './log/log-faults.ts';
import { maxInFlight, startDispatcherProcess, tiers } from './processes/dispatcher-process.ts';
import { openFleet } from './processes/fleet.ts';
import { startIngestionProcess } from './processes/ingestion-process.ts';
import { openDice, type Dice } from './world/random.ts';
import { openTrace } from './world/trace.ts';
import type { VirtualTime } from './world/virtual-time.ts';
import type { World } from './world/world.ts';

export interface SeedResult {
  seed: number;
  violation: Violation | undefined;
  faults: FaultCounts;
  accepted: number;
  deliveries: number;
  attempts: number;
  steps: number;
  virtualMs: number;
  /** From the end of the faults until everything had come to its end. */
  recoveryMs: number;
}

/** After the faults everything ends within this time: no hop of a wait that an edit can end is longer than 30 minutes. */
const livenessMs = 45 * 60_000;
const partitions = 4;
const masterKey = '0123456789abcdef'.repeat(4);
const schedules = [[1, 2, 5], [1, 1, 3, 8], [2, 5], [5, 15], [1]];

const addEndpoint = (
  {
    registry,
    receivers,
    dice,
    temper,
    tenants,
  }: {
    registry: Registry;
    receivers: Receivers;
    dice: Dice;
    temper: Temper;
    tenants: readonly string[];
  },
  id: string,
): void => {
  receivers.add(id, temper);
  registry.create(dice.pick(tenants), {
    id,
    url: urlOf(id),
    maxConcurrency: temper === 'slow' ? 2 : dice.pick([0, 0, 1, 4]),
    timeoutMs: dice.whole(800, 4000),
    retry: { scheduleSeconds: [...dice.pick(schedules)], retryOn: 'RETRY_ON_ANY_FAILURE' },
  });
};

/** Everything of one run, and how to go on with it. */
const compose = (world: World, ledger: Ledger, keyring: Keyring) => {
  const { dice, time } = world;
  const registry = openRegistry(world, ledger, keyring);
  const receivers = openReceivers({ world, ledger, maxInFlight });
  const table = openReservationTable(world, ledger.keys);
  const dispatchers = openFleet({
    prefix: 'd',
    world,
    ledger,
    start: (gate, onEnd) => startDispatcherProcess({ world, ledger, gate, keyring, receivers, registry, onEnd }),
  });
  const ingestion = openFleet({
    prefix: 'i',
    world,
    ledger,
    start: (gate, onEnd) => startIngestionProcess({ world, ledger, gate, table, onEnd }),
  });
  const publishers = openPublishers({
    world,
    ledger,
    ingestion,
    keyed: dice.pick([0, 0.3, 0.8]),
    repeated: dice.pick([0, 0.2, 0.5]),
    tooLarge: 0.01,
  });
  const person = makePerson(world, ledger, registry);
  const tenants = ['ten_1', 'ten_2'];
  let made = 0;
  const newEndpoint = (temper: Temper = dice.pick(tempers)): void =>
    addEndpoint({ registry, receivers, dice, temper, tenants }, `ep${++made}`);

  const begin = (): void => {
    for (const tenant of tenants) registry.tenant(tenant);
    newEndpoint('slow');
    newEndpoint('fast');
    for (let count = dice.whole(3, 10); count > 0; count--) newEndpoint();
    dispatchers.keep(dice.whole(1, 3));
    ingestion.keep(dice.whole(1, 2));
  };

  /** Calls of publishers, evenly and in bursts. */
  const load = (fromMs: number, forMs: number): void => {
    const at = (ms: number, events: number): void =>
      time.after(ms, () => publishers.publish(dice.pick(tenants), events));
    const calls = dice.whole(15, 50);
    for (let nth = 0; nth < calls; nth++) at(fromMs + dice.between(0, forMs), dice.pick([1, 1, 2, 5]));
    for (let nth = dice.whole(0, 2); nth > 0; nth--) at(fromMs + dice.between(0, forMs), dice.whole(20, 60));
  };

  return { registry, receivers, table, dispatchers, ingestion, publishers, person, newEndpoint, begin, load, tenants };
};

type Run = ReturnType<typeof compose>;

/** Nothing is broken any more: what is stopped is continued, what is disabled is enabled. */
const calm = ({ receivers, registry, publishers, tenants }: Run, time: VirtualTime): void => {
  receivers.calm();
  const enableAll = (): void => {
    for (const { endpoint } of registry.endpoints())
      if (endpoint?.enabled !== true) registry.edit(endpoint?.id ?? '', { enabled: true, disabledReason: '' });
  };
  enableAll();
  // A 410 may have been under way.
  time.after(10_000, enableAll);
  for (const tenant of tenants) publishers.publish(tenant, 2);
};

/**
 * Runs one seed: some virtual minutes of the real code.
 *
 * @param onLine told of everything that happens; a run that nobody listens to is the same, and faster
 */
export const simulateSeed = async (
  time: VirtualTime,
  seed: number,
  onLine?: (line: string) => void,
): Promise<SeedResult> => {
  time.begin(seed);
  const startMs = time.nowMs();
  const dice = openDice(seed);
  const log = simulatedLog({ now: time.nowMs });
  const trace = openTrace({ nowMs: time.nowMs, startMs, onLine });
  const world: World = { time, dice, trace, log, logFaults: noLogFaults(), partitions };
  const ledger = openLedger({ log, nowMs: time.nowMs, partitions });
  await log.topics(topicSpecs({ partitions, tiers }));
  const run = compose(world, ledger, openKeyring({ masterKey }));
  const { violations } = ledger;

  run.begin();
  const loadMs = dice.between(4000, 12_000);
  const calmAtMs = startMs + 1500 + loadMs + dice.between(2000, 12_000);
  run.load(1500, loadMs);
  time.after(1500, () => letFaultsStrike({ world, ledger, ...run }, calmAtMs));
  time.after(calmAtMs - startMs, () => {
    trace.say('', () => 'faults end');
    calm(run, time);
  });

  let steps = 0;
  const isDone = (): boolean =>
    time.nowMs() > calmAtMs + 1000 && run.publishers.underWay() === 0 && ledger.isFinished();
  const onRejection = (error: unknown): void =>
    violations.add('failed', `unhandled: ${error instanceof Error ? error.stack : String(error)}`);
  process.on('unhandledRejection', onRejection);
  try {
    let nextLookMs = calmAtMs + 1000;
    while (violations.first() === undefined && (await time.step())) {
      steps++;
      if (time.nowMs() < nextLookMs) continue;
      nextLookMs = time.nowMs() + 500;
      if (isDone()) break;
      if (time.nowMs() > calmAtMs + livenessMs) violations.add('stuck', ledger.unfinished().slice(0, 12).join('; '));
    }
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  if (violations.first() === undefined) ledger.events.checkPlans();
  for (const process of [...run.dispatchers.living(), ...run.ingestion.living()]) process.gate.kill();
  const lines = [...ledger.deliveries.all()];
  return {
    seed,
    violation: violations.first(),
    faults: trace.counts(),
    accepted: run.publishers.accepted(),
    deliveries: lines.length,
    attempts: lines.reduce(
      (sum, { attempts }) => sum + [...attempts.values()].reduce((of, { size }) => of + size, 0),
      0,
    ),
    steps,
    virtualMs: time.nowMs() - startMs,
    recoveryMs: Math.max(0, time.nowMs() - calmAtMs),
  };
};
