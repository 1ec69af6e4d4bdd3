import { topicNames } from '@bellwire/messaging';
import { sessionMs } from '../log/membership.ts';
import { tiers } from '../processes/dispatcher-process.ts';
import type { SimulatedProcess } from '../processes/process.ts';
import type { Acts, FaultPlanDeps } from './acts.ts';

const groups = ['router', 'deliverer', 'delayer'] as const;
const topicsOf = (group: (typeof groups)[number]): string[] => {
  if (group === 'router') return [topicNames.events];
  return group === 'deliverer' ? [topicNames.deliveries] : tiers.map(({ name }) => topicNames.retries(name));
};

/** Faults of the log and of its groups. */
export const logActs = ({ world, dispatchers }: FaultPlanDeps): Acts => {
  const { time, trace, logFaults, log } = world;
  const dice = world.dice.fork();
  const someDispatcher = (act: (process: SimulatedProcess) => void): void => {
    const living = dispatchers.living();
    if (living.length > 0) act(dice.pick(living));
  };

  /** Somebody joins the group and leaves again before it has done anything. */
  const giveBack = async (): Promise<void> => {
    const group = dice.pick(groups);
    trace.strike('partitions.given_back', '', group);
    const handlers = { assigned: () => undefined, revoked: () => undefined, records: () => undefined };
    const visitor = await log.connect().consume({ topics: topicsOf(group), group, handlers });
    time.after(dice.pick([1, 1, 50, 500]), () => void visitor.close());
  };

  return {
    'log.away': () => {
      const ms = dice.pick([200, 1500, 4000, 9000]);
      trace.strike('log.away', '', `${ms} ms`);
      logFaults.awayUntilMs = Math.max(logFaults.awayUntilMs, time.nowMs() + ms);
    },
    'log.away_for_one': () =>
      someDispatcher(({ gate, log: { wire } }) => {
        const ms = dice.pick([500, 3000, sessionMs + 4000]);
        trace.strike('log.away_for_one', gate.name, `${ms} ms`);
        wire.cutOffUntil(time.nowMs() + ms);
      }),
    'topic.away': () => {
      const tier = dice.pick(tiers.slice(0, 3)).name;
      const { deliveries, audit, endpointState, deadLetters } = topicNames;
      const topic = dice.pick([
        topicNames.retries(tier),
        topicNames.retries(tier),
        deliveries,
        audit,
        endpointState,
        deadLetters,
      ]);
      const ms = dice.pick([300, 1500, 4000, 9000]);
      trace.strike('topic.away', '', `${topic} ${ms} ms`);
      logFaults.topicsAway.set(topic, time.nowMs() + ms);
      // What cannot be written is in hand still when its partition moves.
      if (dice.chance(0.5)) time.after(dice.between(0, ms), () => void giveBack());
    },
    'log.compacted': () => {
      trace.strike('log.compacted');
      log.upkeep();
    },
    'partitions.given_back': () => void giveBack(),
    'view.lags': () =>
      someDispatcher(({ gate, log: own }) => {
        trace.strike('view.lags', gate.name);
        own.lagView(time.nowMs() + 3000, dice.between(200, 3000));
      }),
  };
};
