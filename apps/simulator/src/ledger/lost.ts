import type { DeliveriesLedger } from './deliveries-ledger.ts';
import { isFollowed, type EventLine, type Tracked } from './lines.ts';
import { recordName } from './log-reader.ts';

/** Whether all that some fan-out of the event says is pending was on the log. */
const isFannedOut = ({ fanOuts }: EventLine, deliveries: DeliveriesLedger): boolean =>
  fanOuts.some((pending) => pending.every((deliveryId) => deliveries.find(deliveryId) !== undefined));

export interface LostDeps {
  deliveries: DeliveriesLedger;
  /** Names of records that are kept in dead-letters. */
  unreadable: ReadonlySet<string>;
}

/** What is gone when this record is committed; undefined where its next state is on the log. */
export const lostBy = (tracked: Tracked, { deliveries, unreadable }: LostDeps): string | undefined => {
  const { of } = tracked;
  if (of === 'undecodable') return unreadable.has(recordName(tracked)) ? undefined : 'an unreadable record';
  if ('line' in of) {
    const { line, round, attempt, isOrder } = of;
    const what = isOrder ? 'an order to cancel' : 'delivery';
    return isFollowed(tracked, of) ? undefined : `${what} ${line.id} ${round}/${attempt} of ${line.endpointId}`;
  }
  // Another record of the event may still be routed.
  return of.live.size > 0 || isFannedOut(of, deliveries) ? undefined : `event ${of.name}`;
};
