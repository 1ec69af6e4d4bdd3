import type { Delivery } from '@bellwire/contracts';
import type { Acting } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { History } from '../ports.ts';

/** A delivery as history knows it. @throws Fault NOT_FOUND, also for another tenant's or subject's; NOT_YET_RECORDED */
export const knownDelivery = async (history: History, { tenantId, subject }: Acting, id: string): Promise<Delivery> => {
  const known = await history.delivery(tenantId, id);
  if (subject !== undefined && known.subject !== subject) {
    throw new Fault('NOT_FOUND', `There is no delivery ${id}.`);
  }
  return known;
};
