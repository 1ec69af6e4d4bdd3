import type { KafkaMessage } from 'kafkajs';

export type FetchedMessage = KafkaMessage & {
  batchContext?: { firstOffset: string; lastOffsetDelta: number };
  isControlRecord?: boolean;
};

/** What a fetch brought of one partition. */
export interface FetchedPartition {
  /** The end of the partition. */
  highWatermark: string;
  /** Of whole batches: the first ones may be from before the offset that was asked for. */
  messages: readonly FetchedMessage[];
}

/** The offset after a batch: compaction takes records out of it and leaves it its length. */
const afterBatchOf = (message: FetchedMessage | undefined): number => {
  if (message === undefined) return 0;
  const { batchContext: batch, offset } = message;
  return Math.max(Number(offset), batch === undefined ? 0 : Number(batch.firstOffset) + batch.lastOffsetDelta) + 1;
};

/** Which records are new to a reader at `position`, and where it is afterwards. */
export const advance = (
  position: number,
  { messages, highWatermark }: FetchedPartition,
): { fresh: readonly FetchedMessage[]; next: number } => {
  // An answer without any batch before the end: everything from here to there was compacted away.
  const next = messages.length === 0 ? Number(highWatermark) : afterBatchOf(messages.at(-1));
  const isNew = ({ offset, isControlRecord }: FetchedMessage): boolean =>
    Number(offset) >= position && isControlRecord !== true;
  return { fresh: messages.filter(isNew), next: Math.max(position, next) };
};
