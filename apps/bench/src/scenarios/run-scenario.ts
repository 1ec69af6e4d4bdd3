import { startHelper } from '../helper-process.ts';
import { launch, type LaunchCommand } from '../product/launch.ts';
import { floorReport } from '../traffic/floor-protocol.ts';
import type { PublishMode } from '../traffic/generator-protocol.ts';
import { startReceiverProcess, type ReceiverProcess } from '../traffic/receiver-process.ts';
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

/** One scenario on a new product with empty storage, and the floor of the same minutes. */
export const runScenario = async (options: ScenarioOptions): Promise<RunResult> => {
  const { command, env, run, scenario, publish, events, warmUp } = options;
  const receiver = await startReceiverProcess();
  const generator = startHelper(new URL('../traffic/generator.ts', import.meta.url));
  const product = await launch(command, env);
  try {
    options.onProcesses?.(product.processes);
    const stage = { product, receiver, generator };
    if (warmUp > 0) await runLoad(stage, { title: 'warm-up', publish, events: warmUp, endpoints: 1 });
    const loads: LoadResult[] = [];
    for (const load of loadsOf(scenario, publish, events)) loads.push(await runLoad(stage, load));
    const floor = await measureFloor(receiver);
    const floorShare = (loads[0]?.deliveriesPerSecond ?? NaN) / floor.postsPerSecond;
    return { run, scenario, publish, readyAfterMs: product.readyAfterMs, loads, floor, floorShare };
  } finally {
    await product.stop();
    await Promise.all([generator.stop(), receiver.stop()]);
  }
};
