import type { PublishMode } from '../traffic/generator-protocol.ts';
import type { Load, Neighbour } from './load.ts';

export const scenarioNames = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface LoadOptions {
  publish: PublishMode;
  /** In place of a scenario's own count. */
  events: number | undefined;
  /** In place of how long a paced scenario takes. */
  seconds: number | undefined;
  /** From 1: every other run takes the loads that are compared in the other order. */
  run: number;
}

const slow: Neighbour = { name: 'slow', origin: 'same', answer: { status: 200, afterMs: 5000 } };

const defaultSeconds = { iii: 20, iv: 20, v: 120 };

const paced = (options: LoadOptions, defaults: number, ratePerSecond: number, origin?: 'same' | 'own'): Load => {
  const usual = ratePerSecond * (options.seconds ?? defaults);
  return {
    title: `${ratePerSecond}/s${origin === undefined ? '' : ` beside a slow endpoint of ${origin === 'same' ? 'the same' : 'another'} origin`}`,
    publish: options.publish,
    events: Math.min(options.events ?? usual, usual),
    ratePerSecond,
    endpoints: 1,
    ...(origin === undefined ? undefined : { neighbours: [{ ...slow, origin }] }),
  };
};

/** Alone and beside a slow endpoint; in turn first and last, so that neither has the advantage of a product that is warm. */
const slowNeighbour = (options: LoadOptions, rate: number): Load[] => {
  const loads = [undefined, 'own' as const, 'same' as const].map((origin) =>
    paced(options, defaultSeconds.iv, rate, origin),
  );
  return options.run % 2 === 1 ? loads : loads.toReversed();
};

/** One takes half of the traffic and hangs; one fails, one is limited, both with more than is good for them. */
const troubled: readonly Neighbour[] = [
  { name: 'hanging', origin: 'same', answer: { status: 200, afterMs: 30_000 }, share: 111 },
  {
    name: 'failing',
    origin: 'same',
    answer: { status: 500, afterMs: 0 },
    settings: { retry: { schedule_seconds: [1, 2, 4, 8, 16], retry_on: 'any_failure' } },
    share: 10,
  },
  {
    name: 'limited',
    origin: 'same',
    answer: { status: 200, afterMs: 0 },
    settings: { rate_limit: { limit: 60, period_seconds: 60 } },
    share: 4,
  },
];
const goodEndpoints = 97;
const troubledRate = 120;

/** A hundred endpoints: first the good ones alone, then with three that are in trouble. */
const trouble = ({ publish, seconds = defaultSeconds.v }: LoadOptions): Load[] => {
  const shares = troubled.reduce((sum, { share = 0 }) => sum + share, goodEndpoints);
  const goodRate = (troubledRate * goodEndpoints) / shares;
  const common = { publish, endpoints: goodEndpoints, isSpread: true };
  return [
    {
      ...common,
      title: `${goodEndpoints} endpoints, ${Math.round(goodRate)}/s in all`,
      ratePerSecond: goodRate,
      events: Math.round(goodRate * seconds),
    },
    {
      ...common,
      title: 'beside one that hangs, one that fails, one that is limited',
      ratePerSecond: troubledRate,
      events: Math.round(troubledRate * seconds),
      neighbours: troubled,
    },
  ];
};

/** What each scenario publishes, one load after another; (vi) and (vii) have their own course, in outage.ts and burst.ts. */
export const loadsOf = (name: Exclude<ScenarioName, 'vi' | 'vii'>, options: LoadOptions): Load[] => {
  const { publish, events } = options;
  switch (name) {
    case 'i':
      return [{ title: '1 endpoint', publish, events: events ?? 20_000, endpoints: 1 }];
    case 'ii':
      return [{ title: '5 endpoints', publish, events: events ?? 5000, endpoints: 5 }];
    case 'iii':
      return [paced(options, defaultSeconds.iii, 100)];
    case 'iv':
      return [50, 150].flatMap((rate) => slowNeighbour(options, rate));
    case 'v':
      return trouble(options);
  }
};
