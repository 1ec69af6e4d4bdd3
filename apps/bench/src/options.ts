import { parseArgs } from 'node:util';
import { z } from 'zod';
import { cluster, embedded, type LaunchCommand } from './product/launch.ts';
import { scenarioNames, type ScenarioName } from './scenarios/scenarios.ts';
import { publishMode, type PublishMode } from './traffic/generator-protocol.ts';

export interface BenchOptions {
  command: LaunchCommand;
  scenarios: ScenarioName[];
  publish: PublishMode[];
  /** In place of a scenario's own count. */
  events: number | undefined;
  runs: number;
  warmUp: number;
  json: string | undefined;
  profile: boolean;
  /** A folder for the profiles themselves. */
  keepProfiles: string | undefined;
}

export const help = `npm run bench -- [options]

Starts the product, publishes to it, receives what it delivers, and prints what that cost.

  --embedded            the whole suite in one process on embedded storage (default)
  --cluster             every service as its own process on Kafka and Postgres
  --kafka ADDRESS       with --cluster: an existing Kafka
  --postgres URL        with --cluster: an existing Postgres
  --scenario NAMES      of i, ii, iii, iv, with commas (default: all)
                          i    1 endpoint, 20,000 events, as fast as they are accepted
                          ii   5 endpoints, 5,000 events
                          iii  100 events/s for 20 s
                          iv   a fast endpoint beside one that takes 5 s, 50 and 150 events/s
  --publish WAYS        of stream, batch, unary, rest, with commas (default: stream)
                          stream and unary and rest with 64 in flight, batch with 4 calls of 50
  --events N            in place of a scenario's own count
  --runs N              (default: 1), each on new storage
  --warm-up N           events before those that are measured (default: 500)
  --json FILE           writes everything to a file
  --profile             profiles one run of each scenario and prints where the time goes
  --keep-profiles DIR   with --profile: keeps the .cpuprofile files
  --help
`;

const count = z.coerce.number().int().positive();
const names = z.string().transform((text) => text.split(','));

const schema = z.object({
  embedded: z.boolean().default(false),
  cluster: z.boolean().default(false),
  kafka: z.string().optional(),
  postgres: z.string().optional(),
  scenario: names.pipe(z.array(z.enum(scenarioNames))),
  publish: names.pipe(z.array(publishMode)),
  events: count.optional(),
  runs: count,
  'warm-up': z.coerce.number().int().min(0),
  json: z.string().optional(),
  profile: z.boolean().default(false),
  'keep-profiles': z.string().optional(),
});

const commandOf = (given: z.infer<typeof schema>): LaunchCommand => {
  if (!given.cluster) return embedded();
  const pairs = Object.entries({ '--kafka': given.kafka, '--postgres': given.postgres });
  return cluster(pairs.flatMap(([name, value]) => (value === undefined ? [] : [name, value])));
};

/** @returns undefined where help was asked for */
export const readOptions = (args: readonly string[]): BenchOptions | undefined => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      embedded: { type: 'boolean' },
      cluster: { type: 'boolean' },
      kafka: { type: 'string' },
      postgres: { type: 'string' },
      scenario: { type: 'string', default: scenarioNames.join(',') },
      publish: { type: 'string', default: 'stream' },
      events: { type: 'string' },
      runs: { type: 'string', default: '1' },
      'warm-up': { type: 'string', default: '500' },
      json: { type: 'string' },
      profile: { type: 'boolean' },
      'keep-profiles': { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return undefined;
  const given = schema.parse(values);
  if (given.embedded && given.cluster) throw new Error('--embedded and --cluster exclude each other');
  const { scenario: scenarios, publish, events, runs, json, profile } = given;
  const { 'warm-up': warmUp, 'keep-profiles': keepProfiles } = given;
  return { command: commandOf(given), scenarios, publish, events, runs, warmUp, json, profile, keepProfiles };
};
