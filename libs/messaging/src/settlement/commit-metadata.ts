import type { Commit } from '../log.ts';
import { decodeCompleted, encodeCompleted, type OffsetRange } from './completed-offsets.ts';
import { decodeLife, encodeLife, type LifeMark } from './life-mark.ts';

/** What a worker says in the metadata of a commit: the mark of its owner's life, then what is done beyond the offset. */
export interface CommitMetadata {
  /** Undefined where the owner ended in order. */
  life: LifeMark | undefined;
  completed: readonly OffsetRange[];
}

/** Metadata of a commit, as the port and Kafka's default (offset.metadata.max.bytes = 4096) allow. */
const metadataBytes = 4000;

/** What writeMetadata wrote; anything else reads as no mark and nothing done. */
export const readMetadata = ({ offset, metadata }: Pick<Commit, 'offset' | 'metadata'>): CommitMetadata => {
  const { mark, rest } = decodeLife(offset, metadata);
  return { life: mark, completed: decodeCompleted(offset, rest) };
};

/** The same where its owner lives: it has crashed on nothing. */
export const ofLiving = (commit: Commit): Commit => ({
  ...commit,
  metadata: decodeLife(commit.offset, commit.metadata).rest,
});

/** `dropped` completions did not fit. */
export const writeMetadata = (
  offset: number,
  { life, completed }: CommitMetadata,
): { metadata: string; dropped: number } => {
  const said = encodeLife(offset, life);
  const { text, dropped } = encodeCompleted(offset, completed, metadataBytes - said.length);
  return { metadata: said + text, dropped };
};
