import { toProto, type DeliveryRecord, type EventRecord, type PlannedDelivery } from '@bellwire/contracts';
import type { NewRecord } from '@bellwire/messaging';
import type { Rendered, RenderRequest } from '@bellwire/templating';
import type { OperationalEvents } from '../telling/operational-events.ts';
import { deadLetterRecord, toDeliveries } from '../writing/records.ts';

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

/** A delivery as the fan-out record names it, and the records that it begins, or ends, with. */
export interface PlannedRecords {
  readonly planned: PlannedDelivery;
  readonly records: readonly NewRecord[];
}

/** With the body that its template makes; a dead letter where that fails, to be redelivered once the template is mended. */
export const planTemplated = async (
  delivery: DeliveryRecord,
  rendering: Promise<Rendered>,
  events: Pick<OperationalEvents, 'deadLettered'>,
  headers: Readonly<Record<string, string>>,
): Promise<PlannedRecords> => {
  const { deliveryId, endpointId, endpointSubject, roundStartedAtMs: atMs } = delivery;
  const named = { deliveryId, endpointId, endpointSubject };
  const rendered = await rendering;
  if ('body' in rendered) {
    const planned = { ...named, status: toProto.status.pending, reason: '' };
    return { planned, records: [toDeliveries({ ...delivery, body: Buffer.from(rendered.body) }, headers)] };
  }
  const reason = 'template_failed';
  const letter = { reason, atMs, attemptCount: 0, error: `payload template: ${rendered.failure}` } as const;
  return {
    planned: { ...named, status: toProto.status.dead_lettered, reason },
    records: [
      deadLetterRecord({ ...delivery, body: Buffer.alloc(0) }, letter, headers),
      ...events.deadLettered(delivery, letter, headers),
    ],
  };
};
