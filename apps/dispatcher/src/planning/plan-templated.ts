import type { DeliveryRecord, EventRecord } from '@bellwire/contracts';
import type { Rendered, RenderRequest } from '@bellwire/templating';
import type { OperationalEvents } from '../telling/operational-events.ts';
import { begun, stillborn, type PlannedRecords } from './first-records.ts';

export type RenderTemplate = (request: RenderRequest) => Promise<Rendered>;

/** Renderings of one event: one for all endpoints that have the same body and the same template. */
export const renderingsOf = (
  event: Pick<EventRecord, 'tenantId' | 'type'>,
  render: RenderTemplate,
): ((body: Buffer, expression: string) => Promise<Rendered>) => {
  const shared = new Map<string, Map<Buffer, Promise<Rendered>>>();
  return (body, expression) => {
    const ofTemplate = shared.get(expression) ?? new Map<Buffer, Promise<Rendered>>();
    shared.set(expression, ofTemplate);
    const known = ofTemplate.get(body);
    if (known !== undefined) return known;
    const { tenantId, type: eventType } = event;
    const made = render({ tenantId, expression, body: body.toString(), eventType });
    ofTemplate.set(body, made);
    return made;
  };
};

/** With the body that its template makes; a dead letter where that fails, to be redelivered once the template is mended. */
export const planTemplated = (
  delivery: DeliveryRecord,
  rendered: Rendered,
  events: Pick<OperationalEvents, 'deadLettered'>,
  headers: Readonly<Record<string, string>>,
): PlannedRecords => {
  if ('body' in rendered) return begun({ ...delivery, body: Buffer.from(rendered.body) }, events, headers);
  const error = `payload template: ${rendered.failure}`;
  return stillborn(delivery, { reason: 'template_failed', error }, events, headers);
};
