import { z } from 'zod';
import type { PayloadTemplate, PreviewTemplateRequest } from '@bellwire/contracts';
import { newEvent } from './event.ts';
import { sized } from './members.ts';

/** Which presets there are, and that it is one of the two, are rules of the services. */
export const payloadTemplate = z
  .strictObject({
    preset: z
      .string()
      .meta({ enum: ['slack', 'discord'] })
      .optional()
      .describe('A message of that product.'),
    expression: sized(1, 16_384)
      .optional()
      .describe('JSONata over the body as the dialect has it; $event_type is its type.'),
  })
  .meta({ id: 'PayloadTemplate', description: 'Turns the body into another one: either a preset or an expression.' });

export const toPayloadTemplate = (message: PayloadTemplate | undefined): z.infer<typeof payloadTemplate> | null => {
  if (message === undefined) return null;
  const { preset, expression } = message;
  return preset === '' ? { expression } : { preset };
};

export const fromPayloadTemplate = (given: z.infer<typeof payloadTemplate>): PayloadTemplate => ({
  preset: given.preset ?? '',
  expression: given.expression ?? '',
});

export const previewedTemplate = z
  .strictObject({
    payload_template: payloadTemplate,
    event: newEvent.pick({ type: true, data: true, subject: true, action_urls: true }),
  })
  .meta({
    examples: [
      {
        payload_template: { expression: '{"text": "Invoice " & data.invoice & " is paid"}' },
        event: { type: 'invoice.paid', data: { invoice: 'inv_42', amount: 120.5 } },
      },
    ],
  });

/** @param data the member `data` of the event as it is written in the body, minified */
export const fromPreviewedTemplate = (
  { payload_template: template, event }: z.infer<typeof previewedTemplate>,
  data: string,
): PreviewTemplateRequest => ({
  payloadTemplate: fromPayloadTemplate(template),
  eventType: event.type,
  data,
  subject: event.subject ?? undefined,
  actionUrls: event.action_urls ?? {},
});
