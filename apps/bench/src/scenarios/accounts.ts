import os from 'node:os';
import { machineMs } from '../clock.ts';
import type { HelperProcess } from '../helper-process.ts';
import type { Product } from '../product/launch.ts';
import { sampleMemory } from '../product/memory-samples.ts';
import { machineCpu, processFacts } from '../product/proc.ts';
import { cpuByDatabase, openAccount } from '../product/process-groups.ts';
import type { ReceiverProcess } from '../traffic/receiver-process.ts';
import { perThousand, type LoadResult, type MachineUse } from './results.ts';

export interface Stage {
  product: Product;
  receiver: ReceiverProcess;
  generator: HelperProcess;
}

export interface Account {
  costs: LoadResult['costs'];
  databases: LoadResult['databases'];
  generatorCpu: number;
  receiverCpu: number;
  memory: LoadResult['memory'];
  machine: MachineUse;
}

/** Begins to count what the machine does; the answer closes the account. */
export const openAccounts = ({ product, receiver, generator }: Stage): ((deliveries: number) => Account) => {
  const closeProduct = openAccount(product.processes);
  const closeMemory = sampleMemory(product.processes);
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
      memory: closeMemory(),
      machine: {
        loadAverage: os.loadavg()[0] ?? NaN,
        otherCores: Math.max(0, others / seconds),
        stolenCores: (stolen - machineBefore.stolen) / seconds,
      },
    };
  };
};
