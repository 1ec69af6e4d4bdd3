import type { Endpoint } from '@bellwire/contracts';
import { checkUrl, type EgressPolicy } from '@bellwire/egress';
import { Fault, invalidFields, type FieldProblem } from '@bellwire/errors';
import { parseFilter } from '@bellwire/filtering';
import { templateProblems } from '@bellwire/templating';
import { subjectProblems, textProblems } from '../text-rules.ts';
import { headerProblems } from './headers.ts';
import {
  concurrencyProblems,
  eventTypesProblems,
  hourlyLimitProblems,
  rateLimitProblems,
  retryProblems,
  timeoutProblems,
} from './limits.ts';
import { metadataProblems } from './metadata.ts';
import { quietHoursProblems } from './quiet-hours.ts';

/** What the rules need to know beside the endpoint. */
export interface RuleContext {
  urlPolicy: EgressPolicy;
  /** Lower-case names of headers that the tenant's dialect sets. */
  dialectHeaders: ReadonlySet<string>;
}

/** A field that people may set: its rule, and its part of an endpoint. */
interface EndpointField {
  /** Returns what is wrong, or throws a Fault with a reason of its own. */
  problems(endpoint: Endpoint, context: RuleContext): readonly FieldProblem[];
  part(endpoint: Endpoint): Partial<Endpoint>;
}

const urlProblems = (raw: string, policy: EgressPolicy): readonly FieldProblem[] => {
  if (raw === '') return [{ path: 'url', message: 'must not be empty' }];
  const verdict = checkUrl(raw, policy);
  if (verdict.ok) return [];
  throw new Fault('INVALID_URL', verdict.message, { fields: [{ path: 'url', message: verdict.message }] });
};

const filterProblems = (filter: string): readonly FieldProblem[] => {
  parseFilter(filter);
  return [];
};

/** By name in an update mask. `enabled` may be changed with the others, and counts as asked for by the user. */
export const endpointFields: ReadonlyMap<string, EndpointField> = new Map<string, EndpointField>([
  ['url', { problems: ({ url }, { urlPolicy }) => urlProblems(url, urlPolicy), part: ({ url }) => ({ url }) }],
  [
    'description',
    {
      problems: ({ description }) => textProblems('description', description, { max: 1000 }),
      part: ({ description }) => ({ description }),
    },
  ],
  ['subject', { problems: ({ subject }) => subjectProblems(subject), part: ({ subject }) => ({ subject }) }],
  [
    'event_types',
    { problems: ({ eventTypes }) => eventTypesProblems(eventTypes), part: ({ eventTypes }) => ({ eventTypes }) },
  ],
  ['filter', { problems: ({ filter }) => filterProblems(filter), part: ({ filter }) => ({ filter }) }],
  [
    'retry',
    { problems: ({ retry }) => (retry === undefined ? [] : retryProblems(retry)), part: ({ retry }) => ({ retry }) },
  ],
  ['timeout_ms', { problems: ({ timeoutMs }) => timeoutProblems(timeoutMs), part: ({ timeoutMs }) => ({ timeoutMs }) }],
  [
    'rate_limit',
    {
      problems: ({ rateLimit }) => (rateLimit === undefined ? [] : rateLimitProblems(rateLimit)),
      part: ({ rateLimit }) => ({ rateLimit }),
    },
  ],
  [
    'hourly_limit',
    {
      problems: ({ hourlyLimit }) => hourlyLimitProblems(hourlyLimit),
      part: ({ hourlyLimit }) => ({ hourlyLimit }),
    },
  ],
  [
    'quiet_hours',
    {
      problems: ({ quietHours }) => (quietHours === undefined ? [] : quietHoursProblems(quietHours)),
      part: ({ quietHours }) => ({ quietHours }),
    },
  ],
  [
    'payload_template',
    {
      problems: ({ payloadTemplate }) => (payloadTemplate === undefined ? [] : templateProblems(payloadTemplate)),
      part: ({ payloadTemplate }) => ({ payloadTemplate }),
    },
  ],
  [
    'max_concurrency',
    {
      problems: ({ maxConcurrency }) => concurrencyProblems(maxConcurrency),
      part: ({ maxConcurrency }) => ({ maxConcurrency }),
    },
  ],
  [
    'headers',
    {
      problems: ({ headers }, { dialectHeaders }) => headerProblems(headers, dialectHeaders),
      part: ({ headers }) => ({ headers }),
    },
  ],
  ['metadata', { problems: ({ metadata }) => metadataProblems(metadata), part: ({ metadata }) => ({ metadata }) }],
  ['test_mode', { problems: () => [], part: ({ testMode }) => ({ testMode }) }],
  ['enabled', { problems: () => [], part: ({ enabled }) => ({ enabled }) }],
]);

/** A key that is bound to a subject names no other: what is another's, or everybody's, is not its to make. */
export const boundSubjectProblems = (given: string | undefined, own: string | undefined): FieldProblem[] =>
  own === undefined || given === own ? [] : [{ path: 'subject', message: `must be ${own} or absent with this key` }];

/** Several refusals as one: it keeps its reason where there is only one, and lists every field. */
const together = (faults: readonly Fault[]): Fault => {
  const [first, ...others] = faults;
  return first !== undefined && others.length === 0 ? first : invalidFields(faults.flatMap(({ fields }) => fields));
};

/**
 * Checks the named fields of an endpoint, all at once.
 *
 * @param more what else is wrong with the request
 * @throws Fault INVALID_URL or INVALID_FILTER where nothing else is wrong, else INVALID_FIELD with every problem
 */
export const checkEndpoint = (
  endpoint: Endpoint,
  fields: readonly string[],
  context: RuleContext,
  more: readonly FieldProblem[] = [],
): void => {
  const faults: Fault[] = [];
  const problems = [...more];
  for (const name of fields) {
    try {
      problems.push(...(endpointFields.get(name)?.problems(endpoint, context) ?? []));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      faults.push(error);
    }
  }
  if (problems.length > 0) faults.push(invalidFields(problems));
  if (faults.length > 0) throw together(faults);
};
