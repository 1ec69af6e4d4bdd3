import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';

export const help = `npm run simulate -- [--seeds N] [--seed S] [--minutes M] [--jobs J] [--mutation NAME] [--verbose]

  --seeds N        so many seeds, from --seed on (default 100; with --minutes: as many as there is time for)
  --seed S         the first seed (default 1)
  --minutes M      stop after so many minutes
  --jobs J         processes at the same time (default: one for each core)
  --mutation NAME  bring a known fault back first; "list" names them
  --lines N        lines of the trace that a failing seed prints (default 60)
  --keep-going     do not stop at the first failing seed
  --verbose        print every line of the trace
`;

const schema = z.object({
  seeds: z.coerce.number().int().positive().optional(),
  seed: z.coerce.number().int().nonnegative().default(1),
  minutes: z.coerce.number().positive().optional(),
  jobs: z.coerce.number().int().positive().max(64).default(availableParallelism()),
  mutation: z.string().optional(),
  lines: z.coerce.number().int().positive().default(60),
  'keep-going': z.boolean().default(false),
  verbose: z.boolean().default(false),
  json: z.boolean().default(false),
  step: z.coerce.number().int().positive().default(1),
});

export interface Options {
  firstSeed: number;
  /** At most so many. */
  seeds: number;
  /** Distance between two seeds. */
  step: number;
  endAfterMs: number;
  jobs: number;
  mutation: string | undefined;
  lines: number;
  keepsGoing: boolean;
  isVerbose: boolean;
  /** Prints the summary as one line of JSON: for the process that started this one. */
  isJson: boolean;
}

/** @throws ZodError, or Error for an unknown option */
export const readOptions = (args: readonly string[]): Options => {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: text,
      seed: text,
      minutes: text,
      jobs: text,
      mutation: text,
      lines: text,
      step: text,
      'keep-going': flag,
      verbose: flag,
      json: flag,
    },
  });
  const { seeds, seed, minutes, ...rest } = schema.parse(values);
  const atMost = seeds ?? (minutes === undefined ? 100 : Number.MAX_SAFE_INTEGER);
  return {
    firstSeed: seed,
    seeds: atMost,
    step: rest.step,
    endAfterMs: minutes === undefined ? Number.POSITIVE_INFINITY : minutes * 60_000,
    // A trace is told by one.
    jobs: rest.verbose || rest.json ? 1 : Math.min(rest.jobs, atMost),
    mutation: rest.mutation,
    lines: rest.lines,
    keepsGoing: rest['keep-going'],
    isVerbose: rest.verbose,
    isJson: rest.json,
  };
};
