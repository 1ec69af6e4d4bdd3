import type { DeliveryMark } from '@bellwire/contracts';

/** How far deliveries have come, by endpoint. */
export interface DeliveryMarks {
  /** Does nothing where the delivery is known to have come further: what was written last may have been made before. */
  remember(endpointId: string, mark: DeliveryMark): void;
  /** Those that are still of use, the oldest first; the others are forgotten. */
  of(endpointId: string): DeliveryMark[];
  forget(isMeant: (endpointId: string) => boolean): void;
}

export interface DeliveryMarksOptions {
  /** Marks kept for one endpoint, the oldest forgotten first. */
  perEndpoint: number;
  /** Of no use any more. */
  isOver(mark: DeliveryMark): boolean;
}

const isFurther = (one: DeliveryMark, other: DeliveryMark): boolean =>
  one.round > other.round || (one.round === other.round && one.attempt > other.attempt);

export const makeDeliveryMarks = ({ perEndpoint, isOver }: DeliveryMarksOptions): DeliveryMarks => {
  const marksOf = new Map<string, Map<string, DeliveryMark>>();
  return {
    remember: (endpointId, mark) => {
      const marks = marksOf.get(endpointId) ?? new Map<string, DeliveryMark>();
      marksOf.set(endpointId, marks);
      const known = marks.get(mark.deliveryId);
      if (known !== undefined && isFurther(known, mark)) return;
      marks.delete(mark.deliveryId);
      marks.set(mark.deliveryId, mark);
      const [oldest] = marks.keys();
      if (marks.size > perEndpoint && oldest !== undefined) marks.delete(oldest);
    },
    of: (endpointId) => {
      const marks = marksOf.get(endpointId);
      if (marks === undefined) return [];
      for (const [deliveryId, mark] of marks) if (isOver(mark)) marks.delete(deliveryId);
      if (marks.size === 0) marksOf.delete(endpointId);
      return [...marks.values()];
    },
    forget: (isMeant) => {
      for (const endpointId of marksOf.keys()) if (isMeant(endpointId)) marksOf.delete(endpointId);
    },
  };
};
