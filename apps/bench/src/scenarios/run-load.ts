import os from 'node:os';
import { machineMs, sleep, until } from '../clock.ts';
import type { HelperProcess } from '../helper-process.ts';
import type { Product } from '../product/launch.ts';
import { machineCpu, processFacts } from '../product/proc.ts';
import { cpuByDatabase, cpuByGroup, openAccount } from '../product/process-groups.ts';
import { newTenant } from '../product/tenant.ts';
import { quantilesOf } from '../statistics.ts';
import { publishReport, type PublishMode, type PublishOrder } from '../traffic/generator-protocol.ts';
import type { ReceiverProcess } from '../traffic/receiver-process.ts';
import { settleUp } from './ledger.ts';
import { perThousand, type LoadResult, type MachineUse } from './results.ts';

export interface Stage {
  product: Product;
  receiver: ReceiverProcess;
  generator: HelperProcess;
}

/** So many events, published in one way to a new tenant with some endpoints. */
export interface Load {
  title: string;
  publish: PublishMode;
  events: number;
  ratePerSecond?: number;
  endpoints: number;
  /** One more endpoint, not counted, that answers after so long; of the same origin as the others, or of its own. */
  slow?: { answersAfterMs: number; origin: 'same' | 'own' };
}

/** Nothing has arrived for so long: what is missing is lost. */
const patienceMs = 30_000;
const quietCores = 0.1;
const quietWindowMs = 500;
const settleTimeoutMs = 15_000;

/** Until each event has come to each endpoint, or nothing comes any more. */
const arrived = async (receiver: ReceiverProcess, expected: number): Promise<void> => {
  let last = 0;
  let lastAt = machineMs();
  await until(async () => {
    const count = await receiver.count();
    if (count !== last) lastAt = machineMs();
    last = count;
    return count >= expected || machineMs() - lastAt > patienceMs;
  }, Infinity);
};

/** Until the product has written its history too: its work after the last arrival belongs to the deliveries. */
const settled = async (product: Product): Promise<void> => {
  const used = (): number => [...cpuByGroup(product.processes).values()].reduce((sum, each) => sum + each, 0);
  let before = used();
  await sleep(quietWindowMs);
  await until(
    () => {
      const now = used();
      const cores = ((now - before) * 1000) / quietWindowMs;
      before = now;
      return cores < quietCores;
    },
    settleTimeoutMs,
    quietWindowMs,
  );
};

interface Account {
  costs: LoadResult['costs'];
  databases: LoadResult['databases'];
  generatorCpu: number;
  receiverCpu: number;
  machine: MachineUse;
}

/** Begins to count what the machine does; the answer closes the account. */
const openAccounts = ({ product, receiver, generator }: Stage): ((deliveries: number) => Account) => {
  const closeProduct = openAccount(product.processes);
  const ownCpu = (): number[] =>
    [generator.pid, receiver.pid, process.pid].map((pid) => processFacts(pid)?.cpuSeconds ?? 0);
  const ownBefore = ownCpu();
  const databasesBefore = cpuByDatabase(product.processes);
  const machineBefore = machineCpu();
  const startedAtMs = machineMs();
  return (deliveries) => {
    const costs = closeProduct();
    const databases = [...cpuByDatabase(product.processes)].map(([name, cpu]): [string, number] => [
      name,
      ((cpu - (databasesBefore.get(name) ?? 0)) * 1000) / deliveries,
    ]);
    const seconds = (machineMs() - startedAtMs) / 1000;
    const [generatorCpu = 0, receiverCpu = 0, benchCpu = 0] = ownCpu().map(
      (cpu, index) => cpu - (ownBefore[index] ?? 0),
    );
    const { busy, stolen } = machineCpu();
    const productCpu = Object.values(costs).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
    const others = busy - machineBefore.busy - productCpu - generatorCpu - receiverCpu - benchCpu;
    return {
      costs: perThousand(costs, deliveries),
      databases: Object.fromEntries(databases),
      generatorCpu,
      receiverCpu,
      machine: {
        loadAverage: os.loadavg()[0] ?? NaN,
        otherCores: Math.max(0, others / seconds),
        stolenCores: (stolen - machineBefore.stolen) / seconds,
      },
    };
  };
};

/** The paths that count, and what to do when the load is over. */
const makeEndpoints = async ({ product, receiver }: Stage, load: Load) => {
  const tenant = await newTenant(product, load.title);
  const prefix = `/${Math.round(machineMs())}`;
  const add = async (path: string, delayMs: number, origin: 'first' | 'second' = 'first'): Promise<string> => {
    const { id, secret } = await tenant.createEndpoint(receiver.url(path, origin));
    await receiver.expect(path, { secret, delayMs });
    return id;
  };
  const paths = Array.from({ length: load.endpoints }, (_, index) => `${prefix}/${index}`);
  for (const path of paths) await add(path, 0);
  const { slow } = load;
  const slowId = slow && (await add(`${prefix}/slow`, slow.answersAfterMs, slow.origin === 'own' ? 'second' : 'first'));
  const removeSlow = async (): Promise<void> => {
    if (slowId !== undefined) await tenant.deleteEndpoint(slowId);
  };
  return { key: tenant.key, paths, removeSlow };
};

/** Publishes a load, waits until it has arrived, and says what it took. */
export const runLoad = async (stage: Stage, load: Load): Promise<LoadResult> => {
  const { product, receiver, generator } = stage;
  const { key, paths, removeSlow } = await makeEndpoints(stage, load);
  const { publish: mode, events, ratePerSecond } = load;
  const order: PublishOrder = { mode, ingestion: product.ingestion, rest: product.rest, key, events, ratePerSecond };
  await receiver.take();
  const close = openAccounts(stage);
  const fromMs = machineMs();
  const { published, failures } = await generator.ask(order, publishReport);
  const accepted = published.filter(({ id }) => id !== undefined).length;
  await arrived(receiver, accepted * paths.length);
  // A slow endpoint's deliveries go on for minutes.
  if (load.slow === undefined) await settled(product);
  const toMs = machineMs();
  const { arrivals, verified, badSignatures } = await receiver.take();
  const ledger = settleUp(published, arrivals, paths);
  const { costs, databases, generatorCpu, receiverCpu, machine } = close(ledger.deliveries);
  await removeSlow();
  const answeredAtMs = Math.max(...published.map((each) => each.answeredAtMs));
  const startedAtMs = Math.min(...published.map((each) => each.startedAtMs));
  return {
    title: load.title,
    events,
    accepted,
    refused: ledger.refused,
    deliveries: ledger.deliveries,
    deliveriesPerSecond: (ledger.deliveries * 1000) / (ledger.lastArrivalMs - ledger.firstArrivalMs),
    acceptedPerSecond: (accepted * 1000) / (answeredAtMs - startedAtMs),
    latencyMs: quantilesOf(ledger.latenciesMs),
    answerMs: quantilesOf(ledger.answersMs),
    lost: ledger.lost,
    duplicates: ledger.duplicates,
    signaturesVerified: verified,
    signaturesWrong: badSignatures,
    failures,
    costs,
    databases,
    cpuPerThousand: Object.values(costs).reduce((sum, each) => sum + each.cpuPerThousand, 0),
    generatorCpuPerThousand: (generatorCpu * 1000) / ledger.deliveries,
    receiverCpuPerThousand: (receiverCpu * 1000) / ledger.deliveries,
    machine,
    window: { fromMs, toMs },
  };
};
