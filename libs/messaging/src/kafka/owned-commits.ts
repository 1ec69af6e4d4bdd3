import type { Commit } from '../log.ts';
import type { Asking } from './asking.ts';
import type { Names } from './names.ts';
import { readOwner } from './owner-mark.ts';

/** What a group has committed for a partition, and who that was, if it was not handed over. */
export interface OwnedCommit extends Commit {
  owner: string | undefined;
}

/** Metadata of what an owner commits only to be known as such, where the group has committed nothing. */
export const nothingYet = '-';

/** The commits of a group by our names, each apart from the mark of who made it. */
export const ownedCommits = async (
  { asking, names }: { asking: Pick<Asking, 'committed'>; names: Names },
  group: string,
  topics: readonly string[],
): Promise<readonly OwnedCommit[]> => {
  const all = await asking.committed(names.inKafka(group), topics.map(names.inKafka));
  return all.map((commit) => ({ ...commit, ...names.ours(commit), ...readOwner(commit.metadata) }));
};

export const withoutOwner = ({ topic, partition, offset, metadata }: OwnedCommit): Commit => ({
  topic,
  partition,
  offset,
  metadata,
});
