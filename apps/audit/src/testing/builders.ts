import {
  Attempt,
  AuditBatch,
  AuditRecord,
  DeadDelivery,
  DeadLetterRecord,
  DeliveryRecord,
  DeliveryStatus,
  EventRecord,
  FanOut,
  Outcome,
  Transition,
} from '@bellwire/contracts';
import { deliveryIdOf, newId } from '@bellwire/domain';
import { topicNames, type NewRecord } from '@bellwire/messaging';

// Valid records of one event's history; a test says what matters to it.

/** One event owed to some endpoints. */
export interface Story {
  tenantId: string;
  eventId: string;
  eventType: string;
  subject: string | undefined;
  acceptedAtMs: number;
  endpointIds: readonly string[];
  /** In the order of the endpoints; none: they are the tenant's. */
  endpointSubjects: readonly (string | undefined)[];
  deliveryIds: readonly string[];
}

export const aStory = (given: Partial<Omit<Story, 'deliveryIds'>> = {}): Story => {
  const acceptedAtMs = given.acceptedAtMs ?? Date.now();
  const eventId = given.eventId ?? newId('evt', acceptedAtMs);
  const endpointIds = given.endpointIds ?? ['ep_1'];
  return {
    tenantId: 'ten_a',
    eventType: 'order.paid',
    subject: undefined,
    endpointSubjects: [],
    ...given,
    acceptedAtMs,
    eventId,
    endpointIds,
    deliveryIds: endpointIds.map((endpointId) => deliveryIdOf(eventId, endpointId, acceptedAtMs)),
  };
};

export const deliveryIn = (story: Story, nth = 0): string => story.deliveryIds[nth] ?? '';

const factsOf = ({ tenantId, eventId, subject, acceptedAtMs }: Story) => ({ tenantId, eventId, subject, acceptedAtMs });

export const identityIn = (story: Story, nth: number) => ({
  tenantId: story.tenantId,
  deliveryId: deliveryIn(story, nth),
  endpointId: story.endpointIds[nth] ?? '',
  eventId: story.eventId,
  eventType: story.eventType,
  subject: story.subject,
  endpointSubject: story.endpointSubjects[nth],
  acceptedAtMs: story.acceptedAtMs,
});

const audited = (record: AuditRecord['record']): NewRecord => ({
  topic: topicNames.audit,
  value: AuditBatch.encode({
    entries: [{ record: Buffer.from(AuditRecord.encode({ record }).finish()), traceparent: '' }],
  }).finish(),
});

export const theEvent = (story: Story, given: Partial<EventRecord> = {}): NewRecord => ({
  topic: topicNames.events,
  key: story.eventId,
  value: EventRecord.encode(
    EventRecord.fromPartial({
      ...factsOf(story),
      type: story.eventType,
      data: '{"n":1}',
      occurredAtMs: story.acceptedAtMs - 5,
      ...given,
    }),
  ).finish(),
});

export const theFanOut = (story: Story, given: Partial<FanOut> = {}): NewRecord => {
  const planned = story.endpointIds.map((endpointId, nth) => ({
    endpointId,
    deliveryId: deliveryIn(story, nth),
    endpointSubject: story.endpointSubjects[nth],
    status: DeliveryStatus.PENDING,
    reason: '',
  }));
  const value = FanOut.fromPartial({
    ...factsOf(story),
    eventType: story.eventType,
    planned,
    plannedAtMs: story.acceptedAtMs + 2,
    ...given,
  });
  return audited({ $case: 'fanOut', value });
};

export const theAttempt = (story: Story, given: Partial<Attempt> = {}, nth = 0): NewRecord => {
  const number = given.number ?? 1;
  const startedAtMs = given.startedAtMs ?? story.acceptedAtMs + number * 100;
  const value = Attempt.fromPartial({
    ...identityIn(story, nth),
    attemptId: newId('atm', startedAtMs),
    number,
    round: 1,
    startedAtMs,
    durationMs: 12.5,
    outcome: Outcome.DELIVERED,
    responseStatus: 200,
    responseHeaders: { 'content-type': 'text/plain' },
    responseBody: 'ok',
    timings: { total: 12.5 },
    traceId: '0af7651916cd43dd8448eb211c80319c',
    status: DeliveryStatus.DELIVERED,
    ...given,
  });
  return audited({ $case: 'attempt', value });
};

/** An attempt that the receiver refused. */
export const theFailure = (story: Story, given: Partial<Attempt> = {}, nth = 0): NewRecord =>
  theAttempt(
    story,
    {
      outcome: Outcome.REJECTED,
      responseStatus: 500,
      status: DeliveryStatus.RETRYING,
      reason: 'retry',
      nextAttemptAtMs: story.acceptedAtMs + 60_000,
      ...given,
    },
    nth,
  );

export const theTransition = (story: Story, given: Partial<Transition> = {}, nth = 0): NewRecord => {
  const value = Transition.fromPartial({
    ...identityIn(story, nth),
    round: 1,
    status: DeliveryStatus.HELD,
    reason: 'endpoint_disabled',
    atMs: story.acceptedAtMs + 5000,
    ...given,
  });
  return audited({ $case: 'transition', value });
};

export const theDeadLetter = (
  story: Story,
  given: Partial<DeadDelivery> & { round?: number } = {},
  nth = 0,
): NewRecord => {
  const { round = 1, ...rest } = given;
  const delivery = DeliveryRecord.fromPartial({ ...identityIn(story, nth), round, body: Buffer.from('{}') });
  const value = DeadDelivery.fromPartial({
    delivery,
    reason: 'attempts_exhausted',
    deadLetteredAtMs: story.acceptedAtMs + 9000,
    attemptCount: 1,
    lastOutcome: Outcome.REJECTED,
    lastResponseStatus: 500,
    ...rest,
  });
  return {
    topic: topicNames.deadLetters,
    key: story.endpointIds[nth] ?? '',
    value: DeadLetterRecord.encode({ letter: { $case: 'delivery', value } }).finish(),
  };
};
