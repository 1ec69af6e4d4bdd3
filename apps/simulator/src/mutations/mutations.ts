import type { Rule } from '../ledger/violations.ts';

/** A change of the code that brings a fault back. */
export interface Edit {
  /** From the root of the repository. */
  file: string;
  /** Is there once. */
  find: string;
  replace: string;
}

export interface Mutation {
  name: string;
  edits: readonly Edit[];
  /** Catches it: the first one that does, from 1 on. */
  caughtBySeed: number;
  /** The rule that is broken then. */
  breaks: Rule;
}

const inDispatcher = (file: string): string => `apps/dispatcher/src/${file}`;
const inMessaging = (file: string): string => `libs/messaging/src/${file}`;

/** Each was a fault of ours, or is one that the code takes care not to have. */
export const mutations: readonly Mutation[] = [
  {
    // What was taken into memory is known after its partition has moved away; what comes again is stale, and so settled.
    name: 'stale_is_settled',
    edits: [
      {
        file: inDispatcher('attempts/in-hand.ts'),
        find: '      if (stale === undefined) same?.repeats.push({ task, lookAgain });\n      else task.settle();',
        replace: '      task.settle();',
      },
      {
        file: inDispatcher('attempts/in-hand.ts'),
        find: 'release: () => withRepeats(hand, (each) => each.release()),',
        replace: 'release: () => [hand, ...hand.repeats].forEach((each) => each.task.release()),',
      },
    ],
    caughtBySeed: 1,
    breaks: 'lost',
  },
  {
    // A keyed event is known as routed when it is taken, before anything is written.
    name: 'routed_before_written',
    edits: [
      {
        file: inDispatcher('workers/repeated-events.ts'),
        find: 'underWay.set(name, []);',
        replace: 'known.set(name, true);',
      },
      {
        file: inDispatcher('workers/route-events.ts'),
        find: 'waiting.push(...tasks);',
        replace: 'waiting.push(...tasks.filter((task) => repeats.isFirst(task)));',
      },
      {
        file: inDispatcher('workers/route-events.ts'),
        find: 'else if (repeats.isFirst(task)) turns.add(',
        replace: 'else turns.add(',
      },
    ],
    caughtBySeed: 3,
    breaks: 'lost',
  },
  {
    // What waits in memory is handed to a tier when its partition moves away, although it is somebody else's.
    name: 'spilled_when_revoked',
    edits: [
      {
        file: inDispatcher('admission/endpoint-lines.ts'),
        find: 'for (const each of releasable(line)) each.release();',
        replace: 'for (const each of releasable(line)) spill(line, each);',
      },
    ],
    caughtBySeed: 5,
    breaks: 'not_its_own',
  },
  {
    // The next owner is told that an attempt was made before what follows from it is on the log.
    name: 'marked_before_written',
    edits: [
      {
        file: inDispatcher('attempts/attempt-delivery.ts'),
        find: '    await append([\n      ...nextStep(',
        replace: '    onMade(delivery, next, mayBeTwice);\n    await append([\n      ...nextStep(',
      },
    ],
    caughtBySeed: 3,
    breaks: 'marked_too_early',
  },
  {
    // Two flushes of endpoint state at a time: the older is written after the newer.
    name: 'flushes_overlap',
    edits: [
      {
        file: inDispatcher('endpoints/endpoint-states.ts'),
        find: 'flush: oneAtATime(flushOnce),',
        replace: 'flush: flushOnce,',
      },
      {
        file: inDispatcher('endpoints/endpoint-states.ts'),
        find: "await insist('endpoint state', () => turns.write(() => writeOnce(endpointIds)));",
        replace: `const taken = endpointIds.filter((id) => owns(partitionOfEndpoint(id))).map((endpointId) => ({
          topic: topicNames.endpointState,
          key: endpointId,
          value: known.valueOf(endpointId),
        }));
        await insist('endpoint state', () => produce(taken));`,
      },
    ],
    caughtBySeed: 2,
    breaks: 'state_went_back',
  },
  {
    // A process that stops settles what it has not begun.
    name: 'settled_when_stopped',
    edits: [
      {
        file: inMessaging('settlement/ownership.ts'),
        find: 'released.add(offset);',
        replace: 'if (isStopped()) window.settle(offset);\n      else released.add(offset);',
      },
    ],
    caughtBySeed: 3,
    breaks: 'lost',
  },
  {
    // What waits in a tier is settled before it is on the log again.
    name: 'settled_before_appended',
    edits: [
      {
        file: inDispatcher('workers/delay.ts'),
        find: 'append([onwards(one)]).then(() => settle(), fail);',
        replace: 'append([onwards(one)]).catch(fail);\n    settle();',
      },
    ],
    caughtBySeed: 1,
    breaks: 'lost',
  },
  {
    // The group commits the greatest offset that is settled.
    name: 'greatest_is_committed',
    edits: [
      {
        file: inMessaging('settlement/ownership.ts'),
        find: 'const { offset, completed: done } = window.progress();',
        replace: `const progress = window.progress();
    const offset = Math.max(progress.offset, ...progress.completed.map(({ last }) => last + 1));
    const done = [];`,
      },
    ],
    caughtBySeed: 1,
    breaks: 'lost',
  },
  {
    // What has come back from a tier before we knew that it was written there is settled with what it follows.
    name: 'successor_is_a_repeat',
    edits: [
      {
        file: inDispatcher('attempts/in-hand.ts'),
        find: 'if (repeat.task.value.spills > delivery.spills) repeat.lookAgain(repeat.task);\n          else repeat.task.settle();',
        replace: 'repeat.task.settle();',
      },
    ],
    caughtBySeed: 44,
    breaks: 'lost',
  },
  {
    // A tier whose clock is ahead lets everything go at once, and gets it back.
    name: 'let_go_again_and_again',
    edits: [
      {
        file: inDispatcher('admission/hand-over.ts'),
        find: 'isLetGoEarly(delivery, nowMs) ? Math.max(1, Math.ceil(hopMs)) : 0;',
        replace: 'isLetGoEarly(delivery, nowMs) ? 0 : 0;',
      },
    ],
    caughtBySeed: 13,
    breaks: 'to_and_fro',
  },
];
