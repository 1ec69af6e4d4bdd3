import { fromProto, type Delivery } from '@bellwire/contracts';
import type { RegistryView } from '@bellwire/registry-view';
import type { Acting } from '@bellwire/domain';
import { noSuch } from '@bellwire/errors';
import type { History } from '../ports.ts';

/** The slot that a rate limit reserved for a delivery, where that is what it waits for; else 0. In milliseconds since 1970. */
export const reservedSlotOf = ({ status, reason, nextAttemptAt }: Delivery): number =>
  fromProto.status(status) === 'held' && reason === 'rate_limited' ? (nextAttemptAt?.getTime() ?? 0) : 0;

export interface KnownDeliveryDeps {
  history: History;
  view: Pick<RegistryView, 'endpoint'>;
}

/**
 * A delivery as history knows it. A key with a subject steers what it may see, the deliveries to that subject's endpoints,
 * and no longer those to an endpoint that has been given to somebody else since.
 *
 * @throws Fault NOT_FOUND, also for another tenant's or subject's; NOT_YET_RECORDED
 */
export const knownDelivery = async (
  { history, view }: KnownDeliveryDeps,
  { tenantId, subject }: Acting,
  id: string,
): Promise<Delivery> => {
  const known = await history.delivery(tenantId, id);
  const endpoint = view.endpoint(known.endpointId)?.endpoint;
  const isTheirs = known.endpointSubject === subject && (endpoint === undefined || endpoint.subject === subject);
  if (subject !== undefined && !isTheirs) {
    throw noSuch('delivery');
  }
  return known;
};
