import { z } from 'zod';
import { RegistryServiceService as Registry, type EventType } from '@bellwire/contracts';
import { invalidFields } from '@bellwire/errors';
import type { CallOptions } from '@bellwire/rpc';
import type { Services } from '../../app.ts';

export const eventTypeInfo = z.object({
  value: z.string().describe('As it is given in event_types.'),
  description: z.string(),
  group: z.string(),
});

/** Headings of the document, by the first word of a name. */
const groups: ReadonlyMap<string, string> = new Map([
  ['email', 'Email'],
  ['calendar', 'Calendar'],
  ['task', 'Tasks'],
  ['indexing', 'Indexing'],
  ['user', 'User'],
  ['export', 'System'],
  ['sync', 'System'],
]);

const groupOf = (name: string): string => groups.get(name.split('.', 1)[0] ?? '') ?? 'Other';

export const toEventTypeInfo = ({ name, description }: EventType): z.infer<typeof eventTypeInfo> => ({
  value: name,
  description,
  group: groupOf(name),
});

const pageSize = 100;

/** What a webhook may subscribe to: the types of the tenant that are not archived. */
export const catalogueOf = async ({ registry }: Pick<Services, 'registry'>, who: CallOptions): Promise<EventType[]> => {
  const found: EventType[] = [];
  let cursor = '';
  do {
    const page = await registry.unary(Registry.listEventTypes, { limit: pageSize, cursor }, who);
    found.push(...page.eventTypes);
    cursor = page.nextCursor;
  } while (cursor !== '');
  return found.filter(({ archived }) => !archived);
};

/** Patterns such as task.* are no event types here. @throws Fault INVALID_FIELD for names that are not in the catalogue */
export const checkEventTypes = (wanted: readonly string[], catalogue: readonly EventType[]): void => {
  const known = new Set(catalogue.map(({ name }) => name));
  const problems = wanted.flatMap((name, index) =>
    known.has(name) ? [] : [{ path: `event_types[${index}]`, message: 'is not one of GET /api/webhooks/event-types' }],
  );
  if (problems.length > 0) throw invalidFields(problems);
};
