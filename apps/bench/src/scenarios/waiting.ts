import { machineMs, sleep, until } from '../clock.ts';
import type { Product } from '../product/launch.ts';
import { cpuByGroup } from '../product/process-groups.ts';
import type { ReceiverProcess } from '../traffic/receiver-process.ts';
import { measured } from './site.ts';

/** Nothing has arrived for so long: what is missing is lost. */
const patienceMs = 30_000;
const quietCores = 0.1;
const quietWindowMs = 500;
const settleTimeoutMs = 15_000;

/** Until so many requests have come to the measured endpoints, or nothing comes any more. */
export const arrived = async (receiver: ReceiverProcess, expected: number): Promise<void> => {
  let last = 0;
  let lastAt = machineMs();
  await until(async () => {
    const count = await receiver.count(measured);
    if (count !== last) lastAt = machineMs();
    last = count;
    return count >= expected || machineMs() - lastAt > patienceMs;
  }, Infinity);
};

/** Until the product has written its history too: its work after the last arrival belongs to the deliveries. */
export const settled = async (product: Product): Promise<void> => {
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
