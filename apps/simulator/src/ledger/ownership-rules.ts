import type { DeliveryRecord } from '@bellwire/contracts';
import { partitionOf, topicNames } from '@bellwire/messaging';
import type { Clocks } from './clocks.ts';
import type { Ownerships } from './ownerships.ts';
import type { Violations } from './violations.ts';

export interface OwnershipRulesDeps {
  violations: Violations;
  clocks: Clocks;
  ownerships: Ownerships;
  partitions: number;
}

/** Nobody decides on a delivery whose partition he knows to have lost. */
export const makeOwnershipRules = ({ violations, clocks, ownerships, partitions }: OwnershipRulesDeps) => {
  /** Of hand-overs to a tier that were seen: the delayer writes them on, due at another time where clocks differ. */
  const handOvers = new Set<string>();

  /** @param atMs by the clock of the process, which may have been set since */
  const mustOwn = (by: string, endpointId: string, atMs: number, what: string): void => {
    const partition = { topic: topicNames.deliveries, partition: partitionOf(endpointId, partitions) };
    const times = clocks.offsetsOf(by).map((offset) => atMs - offset);
    if (times.some((ms) => ownerships.had(by, partition, ms))) return;
    violations.add('not_its_own', `${by} ${what}, and had not ${topicNames.deliveries}/${partition.partition}`);
  };

  const noteHandOver = (by: string, delivery: DeliveryRecord): void => {
    const { deliveryId, round, attempt, spills, enqueuedAtMs, endpointId, waitReason } = delivery;
    const name = `${deliveryId} ${round}/${attempt} ${spills}`;
    if (spills === 0 || handOvers.has(name)) return;
    handOvers.add(name);
    mustOwn(by, endpointId, enqueuedAtMs, `handed over ${deliveryId} ${round}/${attempt} (${waitReason})`);
  };

  return { mustOwn, noteHandOver };
};
