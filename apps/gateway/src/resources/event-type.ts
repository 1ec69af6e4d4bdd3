import { z } from 'zod';
import { EventType, type CreateEventTypeRequest, type UpdateEventTypeRequest } from '@bellwire/contracts';
import { JsonText } from '../json-text.ts';
import { sized, time, timeText } from './members.ts';

export const eventType = z
  .object({
    name: z.string(),
    description: z.string(),
    schema: z.unknown().meta({
      type: ['object', 'boolean', 'null'],
      description: 'JSON Schema (2020-12) that data must keep, or null.',
    }),
    example: z.unknown().describe('An example of data, or null.'),
    version: z.int().describe('Raised by each new schema.'),
    archived: z.boolean().describe('Publishing an archived type is refused.'),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'EventType' });

const changeable = {
  description: sized(0, 1000).nullish(),
  schema: z
    .unknown()
    .optional()
    .meta({ type: ['object', 'boolean', 'null'], description: 'JSON Schema (2020-12); null: any data.' }),
  example: z.unknown().optional().describe('Any JSON value; null: none.'),
};

export const newEventType = z.strictObject({ name: sized(1, 128), ...changeable }).meta({
  examples: [
    {
      name: 'invoice.paid',
      description: 'An invoice was paid in full.',
      schema: { type: 'object', required: ['invoice'], properties: { invoice: { type: 'string' } } },
      example: { invoice: 'inv_42' },
    },
  ],
});
export const eventTypeChanges = z.strictObject(changeable);

/** Members that pass through as text, as they are written in the body, minified. */
export interface EventTypeTexts {
  schema: string | undefined;
  example: string | undefined;
}

const orNothing = (text: string | undefined): string => (text === undefined || text === 'null' ? '' : text);
const orNullText = (text: string): JsonText => new JsonText(text === '' ? 'null' : text);

export const toEventType = (message: EventType): z.infer<typeof eventType> => ({
  name: message.name,
  description: message.description,
  schema: orNullText(message.schema),
  example: orNullText(message.example),
  version: message.version,
  archived: message.archived,
  created_at: timeText(message.createdAt),
  updated_at: timeText(message.updatedAt),
});

export const fromNewEventType = (
  given: z.infer<typeof newEventType>,
  texts: EventTypeTexts,
): CreateEventTypeRequest => ({
  name: given.name,
  description: given.description ?? '',
  schema: orNothing(texts.schema),
  example: orNothing(texts.example),
});

/** Only the members that were given are in the mask; null clears. */
export const fromEventTypeChanges = (
  name: string,
  given: z.infer<typeof eventTypeChanges>,
  texts: EventTypeTexts,
): UpdateEventTypeRequest => ({
  eventType: EventType.fromPartial(fromNewEventType({ name, ...given }, texts)),
  updateMask: Object.keys(given),
});
