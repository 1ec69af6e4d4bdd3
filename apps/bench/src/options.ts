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
  /** In place of how long a paced scenario takes. */
  seconds: number | undefined;
  downSeconds: number;
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
  --scenario NAMES      of i, ii, iii, iv, v, vi, vii, with commas (default: i to iv)
                          i    1 endpoint, 20,000 events, as fast as they are accepted
                          ii   5 endpoints, 5,000 events
                          iii  100 events/s for 20 s
                          iv   a fast endpoint alone and beside one that takes 5 s, 50 and 150 events/s for 20 s each
                          v    97 good endpoints alone, then beside one that hangs with half of the traffic, one that
                               fails, and one that is limited to 60 a minute, for 120 s each
                          vi   10,000 events for an endpoint that is down, then up, beside fresh ones of others
                          vii  50 events/s of one tenant, alone, then beside 12,000 at once of another for an endpoint
                               that takes 200 ms, in another partition and in the same
  --publish WAYS        of stream, batch, unary, rest, with commas (default: stream)
                          stream and unary and rest with 64 in flight, batch with 4 calls of 50
  --events N            in place of a scenario's own count
  --seconds N           how long each load of iii, iv and v takes
  --down-seconds N      how long the endpoint of vi is down (default: 120)
  --runs N              (default: 1), each on new storage; with 5 of iv, five interleaved comparisons
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
  seconds: count.optional(),
  'down-seconds': count,
  runs: count,
  'warm-up': z.coerce.number().int().min(0),
  json: z.string().optional(),
  profile: z.boolean().default(false),
  'keep-profiles': z.string().optional(),
});

const commandOf = (given: z.infer<typeof schema>): LaunchCommand => {
  if (!given.cluster) return embedded();
  return cluster({ kafka: given.kafka, postgres: given.postgres });
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
      scenario: { type: 'string', default: 'i,ii,iii,iv' },
      publish: { type: 'string', default: 'stream' },
      events: { type: 'string' },
      seconds: { type: 'string' },
      'down-seconds': { type: 'string', default: '120' },
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
  const { scenario: scenarios, publish, events, seconds, runs, json, profile } = given;
  const { 'warm-up': warmUp, 'keep-profiles': keepProfiles, 'down-seconds': downSeconds } = given;
  const sizes = { events, seconds, downSeconds, runs, warmUp };
  return { command: commandOf(given), scenarios, publish, ...sizes, json, profile, keepProfiles };
};
