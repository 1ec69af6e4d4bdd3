import { EventRecord, type PublishRequest } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import { batchingProducer, simulatedLog } from '@bellwire/messaging';
import { makeAcceptEvents, type AcceptEvents } from '../accept-events.ts';
import { makeCheckRepresentable } from '../check-representable.ts';
import { makeCheckSchema } from '../check-schema.ts';
import { makeCheckTypes } from '../check-types.ts';
import { anEvent, fakeCatalogue, memoryReservations, silentLog } from '../doubles.ts';
import { makeIdentifyEvents } from '../identify-events.ts';
import { makeKeyedMemory } from '../keyed-memory.ts';
import { makeLogMarker } from '../mark-on-log.ts';
import { makeKeyReserver } from '../reserve-keys.ts';
import { makeWriteEvents } from '../write-events.ts';

/** Of tenant `ten_1` itself. */
export const acting = { tenantId: 'ten_1', subject: undefined };

export const startMs = Date.UTC(2026, 5, 1);

/** One process of ingestion, without its network. */
export interface AcceptanceProcess {
  acceptEvents: AcceptEvents;
  /** A clean stop; without it nothing is marked. */
  stop(): Promise<void>;
}

/** Acceptance on doubles of everything, in one process at first; several share log and reservations. */
export const acceptanceUnderTest = () => {
  const time = { nowMs: startMs };
  const clock = { now: () => time.nowMs };
  const eventLog = simulatedLog({ partitions: 4 });
  const catalogue = fakeCatalogue();
  catalogue.add({ id: 'ten_1' }, [{ name: 'order.paid' }]);
  const reservations = memoryReservations();
  const learned: string[] = [];
  const warnings: string[] = [];

  /** @param remembered how many keyed events it remembers */
  const openProcess = (remembered?: number): AcceptanceProcess => {
    const memory = makeKeyedMemory(remembered);
    const marker = makeLogMarker({ reservations, log: silentLog, gatherMs: 60_000 });
    const reserver = makeKeyReserver({ reservations, clock, log: silentLog, timeoutMs: 50, probeMs: 5 });
    const acceptEvents = makeAcceptEvents({
      clock,
      log: silentLog,
      maxPayloadBytes: 1024,
      checkTypes: makeCheckTypes({
        catalogue,
        checkSchema: makeCheckSchema({ onBrokenSchema: () => undefined }),
        checkRepresentable: makeCheckRepresentable((...warning) => void warnings.push(warning.join(' '))),
        learnType: (tenantId, name) => void learned.push(`${tenantId}/${name}`),
      }),
      identifyEvents: makeIdentifyEvents(reserver, memory),
      writeEvents: makeWriteEvents({ clock, memory, marker, produce: batchingProducer(eventLog).produce }),
    });
    return { acceptEvents, stop: marker.close };
  };

  const { acceptEvents, stop } = openProcess();
  return {
    time,
    eventLog,
    catalogue,
    reservations,
    learned,
    warnings,
    openProcess,
    acceptEvents,
    stop,
    accept: (...events: Partial<PublishRequest>[]) => acceptEvents(acting, events.map(anEvent)),
    onLog: () =>
      eventLog.records('events').map(({ value, key }) => ({ key, ...EventRecord.decode(value ?? new Uint8Array()) })),
  };
};

export type AcceptanceUnderTest = ReturnType<typeof acceptanceUnderTest>;

/** Answers to events; of a refusal the reason. */
export const outcomesOf = (answers: readonly unknown[]) =>
  answers.map((answer) => (answer instanceof Fault ? answer.reason : answer));
