import type { ConsumeOptions, ConsumerHandlers, TopicPartition } from '@bellwire/messaging';
import type { MembershipDeps } from './membership.ts';

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** What a member is told by the log, some time after it happened there, and what it knows to have since. */
export const openTelling = (
  { time, dice, trace, gate, ledger, wire }: MembershipDeps,
  { group, handlers }: Pick<ConsumeOptions, 'group' | 'handlers'>,
) => {
  const owned = new Map<string, TopicPartition>();
  const line = wire.line(() => (wire.strikes('fetch.slow') ? dice.between(50, 800) : 0));
  /** Rises when the group gives the member something or takes it. */
  let present = 0;
  let known = 0;
  /** When the group took a partition last, and when the member knows that it did. */
  const taken = new Map<string, number>();
  const knownTaken = new Map<string, number>();

  const tellRevoked = (partitions: readonly TopicPartition[]): void => {
    for (const partition of partitions) {
      owned.delete(nameOf(partition));
      ledger.lost(gate.name, partition, gate.enteredBeforeMs());
    }
    trace.say(gate.name, () => `${group} loses ${partitions.map(nameOf).join(' ')}`);
    handlers.revoked(partitions);
  };

  const tellAssigned: ConsumerHandlers['assigned'] = (partitions) => {
    for (const { partition } of partitions) {
      owned.set(nameOf(partition), partition);
      ledger.gained(gate.name, partition);
    }
    trace.say(gate.name, () => {
      const said = partitions.map(({ partition, commit }) => `${nameOf(partition)}@${commit?.offset ?? 0}`);
      return `${group} has ${said.join(' ')}`;
    });
    handlers.assigned(partitions);
  };

  return {
    /** What the group tells it from now on, until it is not current any more. */
    handlersWhile(isCurrent: () => boolean): ConsumerHandlers {
      const told = (work: () => void): void => line(() => isCurrent() && work());
      const change = (work: () => void): void => {
        const generation = ++present;
        told(() => {
          known = generation;
          work();
        });
      };
      return {
        assigned: (partitions) => {
          // The group keeps what it gives; a member that does not hear of it is expelled in time.
          for (const { partition } of partitions) ledger.moved(partition);
          change(() => tellAssigned(partitions));
        },
        revoked: (partitions) => {
          const generation = present + 1;
          for (const partition of partitions) taken.set(nameOf(partition), generation);
          change(() => {
            for (const partition of partitions) knownTaken.set(nameOf(partition), generation);
            tellRevoked(partitions);
          });
        },
        records: (batch) => told(() => handlers.records(batch)),
      };
    },
    /** It has heard that it was taken for dead. */
    loseAll(): void {
      known = ++present;
      if (owned.size > 0) tellRevoked([...owned.values()]);
    },
    /** The generation of the group that there is, and the one that the member knows. */
    present: (): number => present,
    known: (): number => known,
    /** Which move of the partition away from it the member speaks of, and which was the last one. */
    knownMove: (partition: TopicPartition): number => knownTaken.get(nameOf(partition)) ?? 0,
    lastMove: (partition: TopicPartition): number => taken.get(nameOf(partition)) ?? 0,
    leave(): void {
      for (const partition of owned.values()) ledger.lost(gate.name, partition, time.nowMs());
    },
  };
};
