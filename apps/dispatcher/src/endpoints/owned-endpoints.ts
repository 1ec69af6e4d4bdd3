import { partitionOf } from '@bellwire/messaging';

/** Which endpoints are ours: those whose key belongs to a partition of `deliveries` that is ours, or that we hand over still. */
export interface OwnedEndpoints {
  has(endpointId: string): boolean;
  /** How many partitions there are; until it is known there is one. */
  setPartitions(partitions: number): void;
  isOwned(partition: number): boolean;
  /** A partition has become ours. */
  add(partition: number): void;
  /** A partition was handed over, or is somebody else's. It may have come back before. */
  remove(partition: number): void;
  /** Whether an endpoint belongs to the partition. */
  isOf(partition: number): (endpointId: string) => boolean;
}

export const openOwnedEndpoints = (): OwnedEndpoints => {
  /** How often each partition was added and not removed. */
  const counts = new Map<number, number>();
  let partitions = 1;
  return {
    has: (endpointId) => counts.has(partitionOf(endpointId, partitions)),
    setPartitions: (found) => void (partitions = found),
    isOwned: (partition) => counts.has(partition),
    add: (partition) => void counts.set(partition, (counts.get(partition) ?? 0) + 1),
    remove: (partition) => {
      const left = (counts.get(partition) ?? 0) - 1;
      if (left > 0) counts.set(partition, left);
      else counts.delete(partition);
    },
    isOf: (partition) => (endpointId) => partitionOf(endpointId, partitions) === partition,
  };
};
