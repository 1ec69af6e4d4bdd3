import type { Logger, Scope } from '@bellwire/lifecycle';
import { batchingProducer, type Log } from '@bellwire/messaging';
import { makeAcceptEvents, type AcceptEvents } from './accept-events.ts';
import { makeCheckRepresentable } from './check-representable.ts';
import { makeCheckSchema } from './check-schema.ts';
import { makeCheckTypes } from './check-types.ts';
import { makeIdentifyEvents } from './identify-events.ts';
import { makeKeyedMemory } from './keyed-memory.ts';
import { makeTypeLearner } from './learn-types.ts';
import { makeLogMarker } from './mark-on-log.ts';
import type { Catalogue, Clock, Reservations } from './ports.ts';
import { makeKeyReserver } from './reserve-keys.ts';
import { makeWriteEvents } from './write-events.ts';

export interface AcceptanceDeps {
  /** Owns what acceptance opens. */
  scope: Scope;
  log: Logger;
  clock: Clock;
  /** By it reservations are over. @default clock */
  expiryClock?: Clock;
  eventLog: Pick<Log, 'produce'>;
  view: Catalogue;
  reservations: Reservations;
  /** Largest data of an event, in bytes as published. */
  maxPayloadBytes: number;
  /** Calls registry for types that were met first; may fail, and is tried again. */
  learnEventTypes: (tenantId: string, names: readonly string[]) => Promise<void>;
}

/** Acceptance with what it owns: one producer and one line of reservations for all calls. */
export const openAcceptance = (deps: AcceptanceDeps): AcceptEvents => {
  const {
    scope,
    log,
    clock,
    expiryClock = clock,
    eventLog,
    view,
    reservations,
    maxPayloadBytes,
    learnEventTypes,
  } = deps;
  const marker = scope.own('log marker', makeLogMarker({ reservations, log }));
  const reserver = scope.own('key reserver', makeKeyReserver({ reservations, clock: expiryClock, log }));
  const learner = scope.own('type learner', makeTypeLearner({ learnEventTypes, log }));
  const producer = scope.own('events producer', batchingProducer(eventLog));
  const memory = makeKeyedMemory();
  const checkSchema = makeCheckSchema({
    onBrokenSchema: (error, tenantId, typeName) =>
      log.error({ err: error, tenant_id: tenantId, event_type: typeName }, 'schema.broken'),
  });
  const checkRepresentable = makeCheckRepresentable((tenantId, eventType, warning) =>
    log.warn({ tenant_id: tenantId, event_type: eventType, warning }, 'data.hard_to_verify'),
  );
  return makeAcceptEvents({
    clock,
    log,
    maxPayloadBytes,
    checkTypes: makeCheckTypes({ catalogue: view, checkSchema, checkRepresentable, learnType: learner.learn }),
    identifyEvents: makeIdentifyEvents(reserver, memory),
    writeEvents: makeWriteEvents({ clock, memory, marker, produce: producer.produce }),
  });
};
