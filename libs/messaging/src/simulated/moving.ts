import { handOverMs, type TopicPartition } from '../log.ts';
import { nameOf, type Member } from './members.ts';

/** Partitions that have moved away from members which work still. */
export interface Moving {
  /** The former owner is waited for, whoever was waited for before. */
  begin(from: Member, partition: TopicPartition): void;
  end(partition: TopicPartition): void;
  /** The member is gone. */
  endAllOf(member: Member): void;
  isFreeFor(member: Member, partition: TopicPartition): boolean;
  isAwaited(member: Member, partition: TopicPartition): boolean;
  /** Answers once whether the time of its former owner was over, which is in the group still. */
  wasLate(partition: TopicPartition): boolean;
}

/** @param onFree nobody is waited for any more, for the time is over */
export const openMoving = (onFree: () => void): Moving => {
  const moving = new Map<string, { from: Member; timer: NodeJS.Timeout }>();
  /** Former owners whose time is over. */
  const late = new Map<string, Member>();

  const end = (name: string): void => {
    clearTimeout(moving.get(name)?.timer);
    moving.delete(name);
    late.delete(name);
  };

  return {
    begin: (from, partition) => {
      const name = nameOf(partition);
      end(name);
      const timer = setTimeout(() => {
        moving.delete(name);
        late.set(name, from);
        onFree();
      }, handOverMs);
      timer.unref();
      moving.set(name, { from, timer });
    },
    end: (partition) => end(nameOf(partition)),
    endAllOf: (member) => {
      for (const [name, { from }] of moving) if (from === member) end(name);
      for (const [name, from] of late) if (from === member) late.delete(name);
    },
    isFreeFor: (member, partition) => {
      const from = moving.get(nameOf(partition))?.from;
      return from === undefined || from === member;
    },
    isAwaited: (member, partition) =>
      moving.get(nameOf(partition))?.from === member && !member.cursors.has(nameOf(partition)),
    wasLate: (partition) => late.delete(nameOf(partition)),
  };
};
