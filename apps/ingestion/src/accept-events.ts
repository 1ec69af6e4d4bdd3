import type { PublishRequest } from '@bellwire/contracts';
import type { Acting } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Logger } from '@bellwire/lifecycle';
import { checkEvent, type CheckedEvent, type CheckEventOptions } from './check-event.ts';
import type { CheckTypes } from './check-types.ts';
import type { Accepted, IdentifyEvents } from './identify-events.ts';
import type { OrderedTurns } from './ordered-turns.ts';
import type { Clock } from './ports.ts';
import type { WriteEvents } from './write-events.ts';

export interface AcceptEventsDeps {
  clock: Clock;
  log: Logger;
  /** Of `data` as published, in UTF-8. */
  maxPayloadBytes: number;
  checkTypes: CheckTypes;
  identifyEvents: IdentifyEvents;
  writeEvents: WriteEvents;
}

/**
 * Accepts events of one tenant: checks each, reserves the idempotency keys, and answers when the log has them: one answer
 * for each event, in its place. A bad event is refused alone.
 *
 * Rejects where none of them may be taken for accepted: UNKNOWN_TENANT, OVERLOADED, LOG_UNAVAILABLE. An event with a key
 * may be sent again as it is.
 *
 * @param turns keeps the order among the calls of one stream
 */
export type AcceptEvents = (
  acting: Acting,
  events: readonly PublishRequest[],
  turns?: OrderedTurns,
) => Promise<readonly Accepted[]>;

const tryCheck = (event: PublishRequest, options: CheckEventOptions): CheckedEvent | Fault => {
  try {
    return checkEvent(event, options);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
};

export const makeAcceptEvents = (deps: AcceptEventsDeps): AcceptEvents => {
  const { clock, log, maxPayloadBytes, checkTypes, identifyEvents, writeEvents } = deps;

  const tell = (tenantId: string, events: readonly PublishRequest[], answers: readonly Accepted[]): void => {
    for (const [at, answer] of answers.entries()) {
      const fields = { tenant_id: tenantId, event_type: events[at]?.type };
      if (answer instanceof Fault) log.debug({ ...fields, reason: answer.reason }, 'event.refused');
      else log.debug({ ...fields, event_id: answer.eventId, duplicate: answer.duplicate }, 'event.accepted');
    }
  };

  return async (acting, events, turns) => {
    const { tenantId, subject } = acting;
    const turn = turns?.take();
    try {
      const nowMs = clock.now();
      const options = { nowMs, maxPayloadBytes, keySubject: subject };
      const checked = await checkTypes(
        tenantId,
        events.map((event) => tryCheck(event, options)),
      );
      const candidates = await identifyEvents(acting, checked, nowMs);
      await turn?.mine;
      const writing = writeEvents(tenantId, candidates);
      turn?.pass();
      const answers = await writing;
      tell(tenantId, events, answers);
      return answers;
    } finally {
      turn?.pass();
    }
  };
};
