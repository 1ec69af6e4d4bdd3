import type { Commit, Position, TopicPartition } from './log.ts';

/** Records that the log has dropped, by retention or by hand, before a group had committed them. */
export interface DroppedRecords extends TopicPartition {
  group: string;
  /** The first and the last offset. */
  from: number;
  to: number;
  /** At most: some may have been settled out of order. */
  count: number;
}

export interface Extent {
  /** Offset of the first record, or the end where there is none. */
  first: number;
  end: number;
}

export interface Told {
  onDropped: (dropped: DroppedRecords) => void;
  onError: (error: unknown) => void;
}

/** What is told where a partition ends before the offset that was to be read next. */
export const endsBefore = ({ topic, partition, offset }: Position, end: number, goesOnFrom: number): Error => {
  const sentence = `Partition ${partition} of "${topic}" ends at ${end}, and ${offset} was to be read next`;
  return new Error(`${sentence}: the topic was made anew, or has lost records. Going on from ${goesOnFrom}.`);
};

/** Where a group goes on: never before the first record nor beyond the last, and not without a word. */
export const withinExtent = (commit: Commit, group: string, { first, end }: Extent, told: Told): Commit => {
  const { topic, partition, offset } = commit;
  if (offset < first) {
    told.onDropped({ group, topic, partition, from: offset, to: first - 1, count: first - offset });
    return { ...commit, offset: first, metadata: '' };
  }
  if (offset <= end) return commit;
  // The log is older than the commit: new records must not pass for done.
  const sentence = `Partition ${partition} of "${topic}" ends at ${end} but ${offset} is committed`;
  told.onError(new Error(`${sentence}: records were lost. Going on from ${end}.`));
  return { ...commit, offset: end, metadata: '' };
};
