import type { ConsumerHandlers, TopicPartition } from '../log.ts';
import type { StoredPartition } from './broker.ts';

export interface Member {
  readonly topics: readonly string[];
  readonly handlers: ConsumerHandlers;
  /** By name of the partition. */
  readonly cursors: Map<string, Cursor>;
  wake(): void;
}

export interface Cursor {
  readonly stored: StoredPartition;
  position: number;
  paused: boolean;
}

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}\n${partition}`;
