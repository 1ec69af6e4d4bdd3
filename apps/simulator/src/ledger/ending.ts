import type { CommittedRecords } from './committed-records.ts';
import type { DeliveriesLedger } from './deliveries-ledger.ts';
import type { EventsLedger } from './events-ledger.ts';
import { isOver, type EventLine } from './lines.ts';

export interface EndingDeps {
  deliveries: DeliveriesLedger;
  events: EventsLedger;
  records: CommittedRecords;
}

const unsettledShown = 8;

/** Whether what was accepted has come to its end. */
export const makeEnding = ({ deliveries, events, records }: EndingDeps) => {
  const isUnplanned = ({ publishedAtMs, fanOuts }: EventLine): boolean =>
    publishedAtMs !== undefined && fanOuts.length === 0;

  return {
    isFinished(): boolean {
      if (records.unsettled() > 0) return false;
      for (const line of deliveries.all()) if (!isOver(line)) return false;
      for (const event of events.all()) if (isUnplanned(event)) return false;
      return true;
    },
    unfinished: (): string[] => [
      ...[...events.all()].filter(isUnplanned).map(({ name }) => `event ${name} was not planned`),
      ...[...deliveries.all()]
        .filter((line) => !isOver(line))
        .map(
          ({ id, endpointId, newestRound, newestAttempt, live, record }) =>
            `${id} of ${endpointId} is at ${newestRound}/${newestAttempt} ${record.waitReason}, in ${live.size} records`,
        ),
      ...records.describeUnsettled(unsettledShown).map((name) => `${name} is not committed`),
    ],
  };
};
