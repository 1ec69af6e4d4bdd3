import { EndpointStateRecord, type DeliveryMark } from '@bellwire/contracts';
import { partitionOf, type NewRecord } from '@bellwire/messaging';
import { hasEnded, isOver, type Line } from './lines.ts';
import type { Violations } from './violations.ts';

export interface StateRulesDeps {
  violations: Violations;
  partitions: number;
  find(deliveryId: string): Line | undefined;
}

/** What holds of the state of endpoints that the next owner reads. */
export const makeStateRules = ({ violations, partitions, find }: StateRulesDeps) => {
  /** Marks of the last record, by process and partition, and by endpoint. */
  const written = new Map<string, Map<string, readonly DeliveryMark[]>>();

  /** A mark tells of an attempt that was made: what follows from it is on the log. */
  const checkTold = (by: string, { deliveryId, round, attempt, cancelledUntilMs }: DeliveryMark): void => {
    const line = find(deliveryId);
    if (cancelledUntilMs > 0 || line === undefined) return;
    const goesOn = line.newestRound > round || (line.newestRound === round && line.newestAttempt > attempt);
    if (!hasEnded(line, round) && !goesOn)
      violations.add('marked_too_early', `${deliveryId} attempt ${attempt} of round ${round}, by ${by}`);
  };

  const checkOlder = (by: string, before: DeliveryMark, now: DeliveryMark | undefined): void => {
    const line = find(before.deliveryId);
    if (line === undefined || before.cancelledUntilMs > 0) return;
    const isOlder =
      now === undefined
        ? !isOver(line)
        : now.round < before.round || (now.round === before.round && now.attempt < before.attempt);
    if (isOlder)
      violations.add(
        'state_went_back',
        `${before.deliveryId} from ${before.round}/${before.attempt} to ${now?.round ?? 0}/${now?.attempt ?? 0}, by ${by}`,
      );
  };

  const writtenBy = (by: string, partition: number): Map<string, readonly DeliveryMark[]> => {
    const known = written.get(`${by} ${partition}`) ?? new Map<string, readonly DeliveryMark[]>();
    written.set(`${by} ${partition}`, known);
    return known;
  };

  return {
    check(by: string, { key: endpointId = '', value }: NewRecord): void {
      const marks = value === null ? [] : EndpointStateRecord.decode(value).marks;
      const known = writtenBy(by, partitionOf(endpointId, partitions));
      const now = new Map(marks.filter((mark) => mark.cancelledUntilMs === 0).map((mark) => [mark.deliveryId, mark]));
      for (const mark of marks) checkTold(by, mark);
      for (const mark of known.get(endpointId) ?? []) checkOlder(by, mark, now.get(mark.deliveryId));
      known.set(endpointId, marks);
    },
    /** The process has lost the partition of deliveries: what it writes when it has it again, it has read before. */
    forget: (by: string, partition: number): void => void written.delete(`${by} ${partition}`),
  };
};
