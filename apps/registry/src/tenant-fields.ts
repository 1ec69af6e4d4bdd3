import { EventTypePolicy, fromProto, toProto, type Tenant } from '@bellwire/contracts';
import type { Dialect } from '@bellwire/dialects';
import type { FieldProblem } from '@bellwire/errors';
import { completeRetry } from './create-endpoint.ts';
import { retryProblems, timeoutProblems } from './endpoint-rules/limits.ts';
import { textProblems } from './text-rules.ts';

/** What an admin may set of a tenant. */
export type TenantMembers = Pick<Tenant, 'name' | 'eventTypePolicy' | 'retry' | 'timeoutMs'>;

interface TenantField {
  problems(tenant: TenantMembers): readonly FieldProblem[];
  part(tenant: TenantMembers): Partial<TenantMembers>;
}

/** Unspecified: that of the dialect. */
const policyProblems = (policy: EventTypePolicy): FieldProblem[] =>
  policy === EventTypePolicy.UNSPECIFIED || fromProto.eventTypePolicy(policy) !== undefined
    ? []
    : [{ path: 'event_type_policy', message: 'must be open or strict' }];

/** By name in an update mask. Schedule and time-out follow the rules of those of endpoints. */
export const tenantFields: ReadonlyMap<string, TenantField> = new Map<string, TenantField>([
  [
    'name',
    { problems: ({ name }) => textProblems('name', name, { min: 1, max: 200 }), part: ({ name }) => ({ name }) },
  ],
  [
    'event_type_policy',
    {
      problems: ({ eventTypePolicy }) => policyProblems(eventTypePolicy),
      part: ({ eventTypePolicy }) => ({ eventTypePolicy }),
    },
  ],
  [
    'retry',
    { problems: ({ retry }) => (retry === undefined ? [] : retryProblems(retry)), part: ({ retry }) => ({ retry }) },
  ],
  ['timeout_ms', { problems: ({ timeoutMs }) => timeoutProblems(timeoutMs), part: ({ timeoutMs }) => ({ timeoutMs }) }],
]);

export const tenantProblems = (tenant: TenantMembers, fields: Iterable<string>): FieldProblem[] =>
  [...fields].flatMap((name) => tenantFields.get(name)?.problems(tenant) ?? []);

/** What was left open is that of the dialect. */
export const completeTenant = ({ eventTypePolicy, retry }: TenantMembers, dialect: Dialect) => ({
  eventTypePolicy:
    eventTypePolicy === EventTypePolicy.UNSPECIFIED
      ? toProto.eventTypePolicy[dialect.eventTypePolicy]
      : eventTypePolicy,
  retry: completeRetry(retry, dialect),
});
