import { EndpointStateRecord, type DeliveryMark } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import { fitsRecord, topicNames, type LogRecord } from '@bellwire/messaging';
import type { AttemptMemory } from '../attempts/attempt-memory.ts';
import { makeDeliveryMarks } from './delivery-marks.ts';
import type { EndpointControls } from './endpoint-controls.ts';

/** What is to be kept of endpoints, as their records have it. */
export interface KnownStates {
  remember(endpointId: string, mark: DeliveryMark): void;
  /** null where all is at its default. */
  valueOf(endpointId: string): Uint8Array | null;
  /** Takes over a record; answers whether there is something in it. @throws where it cannot be read */
  learn(record: LogRecord): boolean;
  forget(isMeant: (endpointId: string) => boolean): void;
}

export interface KnownStatesDeps {
  memory: Pick<AttemptMemory, 'made' | 'end'>;
  controls: Pick<EndpointControls, 'recordOf' | 'learn' | 'forget'>;
  clock: Clock;
  /** A record would have been larger than the log takes: its oldest marks are left out, so many. */
  onCut(endpointId: string, marks: number): void;
}

/** Attempts of one endpoint; and how long they are of use. */
const marksPerEndpoint = 500;
const markLifeMs = 60 * 60 * 1000;

/** Cancelled rounds of one endpoint: kept as long as a record of theirs may wait. */
const endsPerEndpoint = 5000;

/** Of the marks of a record that is too large, this share is left out at a time. */
const cutShare = 1 / 8;

export const openKnownStates = ({ memory, controls, clock, onCut }: KnownStatesDeps): KnownStates => {
  const made = makeDeliveryMarks({
    perEndpoint: marksPerEndpoint,
    isOver: ({ atMs }) => atMs < clock.now() - markLifeMs,
  });
  const ended = makeDeliveryMarks({
    perEndpoint: endsPerEndpoint,
    isOver: ({ cancelledUntilMs }) => cancelledUntilMs < clock.now(),
  });

  const remember = (endpointId: string, mark: DeliveryMark): void =>
    (mark.cancelledUntilMs > 0 ? ended : made).remember(endpointId, mark);

  return {
    remember,
    valueOf: (endpointId) => {
      const marks = [...made.of(endpointId), ...ended.of(endpointId)];
      const control = controls.recordOf(endpointId);
      if (marks.length === 0 && control === undefined) return null;
      const encode = (kept: DeliveryMark[]): Uint8Array =>
        EndpointStateRecord.encode(EndpointStateRecord.fromPartial({ endpointId, marks: kept, ...control })).finish();
      const fits = (value: Uint8Array): boolean =>
        fitsRecord({ topic: topicNames.endpointState, key: endpointId, value });
      let kept = marks;
      let value = encode(kept);
      while (kept.length > 0 && !fits(value)) {
        kept = kept.slice(Math.ceil(kept.length * cutShare));
        value = encode(kept);
      }
      if (kept.length < marks.length) onCut(endpointId, marks.length - kept.length);
      return value;
    },
    learn: ({ key: endpointId, value }) => {
      const record = value === null ? undefined : EndpointStateRecord.decode(value);
      controls.learn(endpointId, record);
      for (const mark of record?.marks ?? []) {
        remember(endpointId, mark);
        if (mark.cancelledUntilMs > 0) memory.end(mark);
        else memory.made(mark);
      }
      return record !== undefined;
    },
    forget: (isMeant) => {
      controls.forget(isMeant);
      made.forget(isMeant);
      ended.forget(isMeant);
    },
  };
};
