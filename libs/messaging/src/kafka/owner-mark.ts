import { createHash } from 'node:crypto';

/**
 * Who of the group has a partition, in front of the metadata of its commits: `@`, eight hex digits of a hash of the member's
 * id, a blank. The next owner of a partition reads it: while that member is in the group and has not handed over, something
 * of the partition may be under way there.
 */
export const ownerMarkOf = (memberId: string): string =>
  createHash('sha256').update(memberId).digest('hex').slice(0, 8);

export const withOwner = (mark: string, metadata: string): string => `@${mark} ${metadata}`;

/** A commit that was handed over, or is of an earlier version, has no owner. */
export const readOwner = (text: string): { owner: string | undefined; metadata: string } => {
  const found = /^@([0-9a-f]{8}) /.exec(text);
  return found === null ? { owner: undefined, metadata: text } : { owner: found[1], metadata: text.slice(10) };
};
