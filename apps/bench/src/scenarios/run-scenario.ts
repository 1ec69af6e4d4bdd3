import { startHelper } from '../helper-process.ts';
import { countRecords } from '../product/count-records.ts';
import { launch, type LaunchCommand, type Product } from '../product/launch.ts';
import { floorReport } from '../traffic/floor-protocol.ts';
import type { PublishMode } from '../traffic/generator-protocol.ts';
import { startReceiverProcess, type ReceiverProcess } from '../traffic/receiver-process.ts';
import type { Stage } from './accounts.ts';
import { runBursts } from './burst.ts';
import { burstFindings, outageFindings, troubleFindings } from './findings.ts';
import { runOutage } from './outage.ts';
import { runLoad } from './run-load.ts';
import type { LoadResult, RunResult } from './results.ts';
import { loadsOf, type ScenarioName } from './scenarios.ts';

export interface ScenarioOptions {
  command: LaunchCommand;
  env: Readonly<Record<string, string>>;
  run: number;
  scenario: ScenarioName;
  publish: PublishMode;
  /** In place of the scenario's own count. */
  events: number | undefined;
  /** In place of how long a paced scenario takes. */
  seconds: number | undefined;
  /** How long the endpoint of (vi) is down. */
  downSeconds: number;
  /** Events that are published before anything is measured, so that code is compiled and pools are open. */
  warmUp: number;
  /** Told of the processes that were started, before they end. */
  onProcesses?(processes: ReadonlyMap<number, string>): void;
}

const floorPosts = 20_000;

/** The floor of this very run: on a shared machine it is good for a few minutes. */
const measureFloor = async (receiver: ReceiverProcess) => {
  const helper = startHelper(new URL('../traffic/floor.bench.ts', import.meta.url));
  try {
    const order = { url: receiver.url('/floor'), posts: floorPosts };
    await helper.ask({ ...order, posts: 2000 }, floorReport);
    return await helper.ask(order, floorReport);
  } finally {
    await helper.stop();
    await receiver.take();
  }
};

type Measured = Pick<RunResult, 'loads' | 'outage' | 'bursts'>;

const measure = async (stage: Stage, options: ScenarioOptions): Promise<Measured> => {
  const { scenario } = options;
  if (scenario === 'vi') return { loads: [], outage: await runOutage(stage, options) };
  if (scenario === 'vii') return { loads: [], bursts: await runBursts(stage, options) };
  const loads: LoadResult[] = [];
  for (const load of loadsOf(scenario, options)) loads.push(await runLoad(stage, load));
  return { loads };
};

/** Once the product has ended: how many records the deliveries of the troubled endpoints took. */
const withRecords = async (product: Product, loads: readonly LoadResult[]): Promise<LoadResult[]> => {
  const { log, close } = await product.openLog();
  try {
    const counts = await countRecords(log);
    return loads.map((load) => ({
      ...load,
      neighbours: load.neighbours.map((each) => ({ ...each, records: counts.get(each.endpointId) ?? 0 })),
    }));
  } finally {
    await close();
  }
};

/** One scenario on a new product with empty storage, and the floor of the same minutes. */
export const runScenario = async (options: ScenarioOptions): Promise<RunResult> => {
  const { command, env, run, scenario, publish, warmUp } = options;
  const receiver = await startReceiverProcess();
  const generator = startHelper(new URL('../traffic/generator.ts', import.meta.url));
  const product = await launch(command, env);
  try {
    options.onProcesses?.(product.processes);
    const stage = { product, receiver, generator };
    if (warmUp > 0) await runLoad(stage, { title: 'warm-up', publish, events: warmUp, endpoints: 1 });
    const measured = await measure(stage, options);
    const floor = await measureFloor(receiver);
    const [first] = measured.loads;
    const floorShare = first && first.deliveriesPerSecond / floor.postsPerSecond;
    await product.stop();
    const loads = scenario === 'v' ? await withRecords(product, measured.loads) : measured.loads;
    const findings = scenario === 'v' ? troubleFindings(loads) : [];
    if (measured.outage !== undefined) findings.push(...outageFindings(measured.outage));
    if (measured.bursts !== undefined) findings.push(...burstFindings(measured.bursts));
    const { readyAfterMs } = product;
    return { run, scenario, publish, readyAfterMs, ...measured, loads, findings, floor, floorShare };
  } finally {
    await product.stop();
    product.removeData();
    await Promise.all([generator.stop(), receiver.stop()]);
  }
};
