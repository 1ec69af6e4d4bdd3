import { EndpointStateRecord, type DeliveryMark } from '@bellwire/contracts';
import type { Clock } from '@bellwire/domain';
import type { LogRecord } from '@bellwire/messaging';
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
}

/** Attempts of one endpoint; and how long they are of use. */
const marksPerEndpoint = 500;
const markLifeMs = 60 * 60 * 1000;

/** Cancelled rounds of one endpoint: kept as long as a record of theirs may wait. */
const endsPerEndpoint = 5000;

export const openKnownStates = ({ memory, controls, clock }: KnownStatesDeps): KnownStates => {
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
      return EndpointStateRecord.encode(EndpointStateRecord.fromPartial({ endpointId, marks, ...control })).finish();
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
