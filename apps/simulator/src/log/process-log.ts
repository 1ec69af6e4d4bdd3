import { topicNames, type Log, type LogRecord, type SimulatedLog } from '@bellwire/messaging';
import type { Ledger } from '../ledger/ledger.ts';
import { outside, type ProcessGate } from '../world/process-gate.ts';
import type { World } from '../world/world.ts';
import { openMembership } from './membership.ts';
import { makeProduce } from './produce-with-faults.ts';
import { openWire, type Wire } from './wire.ts';

/** The log as one process sees it. */
export interface ProcessLog extends Log {
  wire: Wire;
  /** Until then what it follows of registry's changes comes late, by so many milliseconds. */
  lagView(untilMs: number, byMs: number): void;
}

export interface ProcessLogDeps {
  world: World;
  ledger: Ledger;
  gate: ProcessGate;
  /** Told of registry's changes at the moment at which the process is. */
  onRegistry(batch: readonly LogRecord[]): void;
}

export const openProcessLog = ({ world, ledger, gate, onRegistry }: ProcessLogDeps): ProcessLog => {
  const { time, trace, logFaults: faults } = world;
  const dice = world.dice.fork();
  const inner: SimulatedLog = world.log.connect();
  const wire = openWire({ time, dice, trace, gate, faults });
  const produce = makeProduce({ time, dice, trace, gate, inner, ledger, faults, wire });
  let lag = { untilMs: 0, byMs: 0 };

  return {
    wire,
    lagView: (untilMs, byMs) => void (lag = { untilMs, byMs }),
    topics: (specs) => inner.topics(specs),
    produce,
    async consume(options) {
      if (wire.isAway()) return wire.refuse();
      return openMembership({ time, dice, trace, gate, inner, ledger, wire }, options);
    },
    async read(options) {
      if (wire.isAway()) return wire.refuse();
      const isRegistry = options.topic === topicNames.registryChanges;
      const lagMs = (): number => (isRegistry && time.nowMs() < lag.untilMs ? lag.byMs : 0);
      const line = wire.line(() => dice.between(0, 3) + lagMs());
      const records = (batch: readonly LogRecord[]): void =>
        line(() => {
          if (isRegistry) onRegistry(batch);
          options.records(batch);
        });
      return wire.call(() => inner.read({ ...options, records }));
    },
    endOffsets(topic) {
      if (wire.isAway() || wire.strikes('ask.fails')) return wire.refuse();
      return wire.call(() => inner.endOffsets(topic));
    },
    commits(group, topics) {
      if (wire.isAway() || wire.strikes('ask.fails')) return wire.refuse();
      return wire.call(() => inner.commits(group, topics));
    },
    close: () => outside(() => inner.close()),
  };
};
