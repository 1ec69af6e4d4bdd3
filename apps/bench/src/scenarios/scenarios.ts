import type { PublishMode } from '../traffic/generator-protocol.ts';
import type { Load } from './run-load.ts';

export const scenarioNames = ['i', 'ii', 'iii', 'iv'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

const paced = (publish: PublishMode, events: number, ratePerSecond: number, slowOrigin?: 'same' | 'own'): Load => ({
  title: `${ratePerSecond}/s${slowOrigin === undefined ? '' : ` beside a slow endpoint of ${slowOrigin === 'same' ? 'the same' : 'another'} origin`}`,
  publish,
  events,
  ratePerSecond,
  endpoints: 1,
  ...(slowOrigin === undefined ? undefined : { slow: { answersAfterMs: slowMs, origin: slowOrigin } }),
});

const seconds = 20;
const slowMs = 5000;

/** What each scenario publishes, one load after another. `events` scales it down. */
export const loadsOf = (name: ScenarioName, publish: PublishMode, events: number | undefined): Load[] => {
  const count = (usual: number): number => Math.min(events ?? usual, usual);
  switch (name) {
    case 'i':
      return [{ title: '1 endpoint', publish, events: events ?? 20_000, endpoints: 1 }];
    case 'ii':
      return [{ title: '5 endpoints', publish, events: events ?? 5000, endpoints: 5 }];
    case 'iii':
      return [paced(publish, count(100 * seconds), 100)];
    case 'iv':
      return [50, 150].flatMap((rate) => [
        paced(publish, count(rate * seconds), rate),
        paced(publish, count(rate * seconds), rate, 'own'),
        paced(publish, count(rate * seconds), rate, 'same'),
      ]);
  }
};
