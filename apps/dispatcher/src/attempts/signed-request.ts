import type { DeliveryRecord } from '@bellwire/contracts';
import { requestHeaders } from '@bellwire/dialects';
import type { CompiledEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { Send } from '../ports.ts';

type Signed = Pick<DeliveryRecord, 'eventId' | 'deliveryId' | 'eventType' | 'subject' | 'occurredAtMs' | 'attempt'> & {
  body: Uint8Array;
};

/**
 * The request of one attempt, signed at its moment with the endpoint's URL, headers, secrets and time-out of now.
 *
 * @param traceHeaders under the dialect's own headers, over the custom ones
 */
export const signedRequest = (
  endpoint: CompiledEndpoint,
  { eventId, deliveryId, eventType, subject, occurredAtMs, attempt, body }: Signed,
  nowMs: number,
  traceHeaders: Readonly<Record<string, string>> = {},
): Parameters<Send>[0] => ({
  url: endpoint.url,
  method: 'POST',
  headers: {
    ...endpoint.customHeaders,
    ...traceHeaders,
    ...requestHeaders(endpoint.dialect, {
      eventId,
      deliveryId,
      eventType,
      endpointId: endpoint.id,
      subject,
      occurredAtMs,
      attempt,
      timestampSeconds: Math.floor(nowMs / 1000),
      body,
      contentType: endpoint.template === undefined ? undefined : 'application/json',
      keys: endpoint.signingKeys(nowMs),
    }),
  },
  body,
  timeoutMs: endpoint.timeoutMs,
});
