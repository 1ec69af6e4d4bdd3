import {
  DeliveryRecord,
  toProto,
  type EndpointState,
  type EventRecord,
  type ExcludedEndpoint,
  type PlannedDelivery,
} from '@bellwire/contracts';
import { bodyNamesDelivery, renderBody, type Dialect } from '@bellwire/dialects';
import { deadlineOf, deliveryIdOf, type Clock } from '@bellwire/domain';
import { eventDocument, type EventDocument } from '@bellwire/filtering';
import type { NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { CompiledEndpoint, CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { OperationalEvents } from '../telling/operational-events.ts';
import { planTemplated, renderingsOf, type PlannedRecords, type RenderTemplate } from './plan-templated.ts';
import { fanOutRecord, toDeliveries } from '../writing/records.ts';

export interface PlanDeliveriesDeps {
  view: Pick<RegistryView, 'endpointsOf' | 'position'>;
  compileEndpoint: CompileEndpoint;
  /** Tries until it has an answer. @throws Fault STOPPING */
  renderTemplate: RenderTemplate;
  events: Pick<OperationalEvents, 'deadLettered'>;
  clock: Clock;
  /** Longest life of a round, in milliseconds. */
  maxDeadlineMs: number;
  /** Told of an endpoint that this version cannot read; it is excluded with reason unreadable. */
  onUnreadable(state: EndpointState, error: unknown): void;
}

/** What an event leads to. */
export interface Plan {
  /** To be written now. */
  readonly records: readonly NewRecord[];
  /** The deliveries that wait for a payload template, and the fan-out record; undefined where there are none. */
  readonly later: Promise<readonly NewRecord[]> | undefined;
}

/** How many of the endpoints that are not owed an event its fan-out record names; the others are only counted. */
const namedExclusions = 100;

/** Why an endpoint is not owed an event; undefined: it is. */
const exclusionOf = (
  endpoint: CompiledEndpoint,
  event: EventRecord,
  document: () => EventDocument,
): string | undefined => {
  // Only of a repeat, whose acceptance may be long ago: the clocks of registry and ingestion differ, and an endpoint gets
  // every event that is published after its creation.
  if (event.repeated && endpoint.createdAtMs > event.acceptedAtMs) return 'created_later';
  if (!endpoint.wantsType(event.type)) return 'event_type';
  if (endpoint.subject !== undefined && endpoint.subject !== event.subject) return 'subject';
  if (endpoint.filter !== undefined && !endpoint.filter.matches(document())) return 'filter';
  if (endpoint.isTestMode) return 'test_mode';
  return undefined;
};

/** Parsed once per event, and only if some endpoint has a filter. */
const documentOf = (event: EventRecord): (() => EventDocument) => {
  let made: EventDocument | undefined;
  return () => (made ??= eventDocument({ ...event, id: event.eventId }));
};

/** Bodies of one event: rendered once for all endpoints of a dialect, unless each names its own delivery. */
const bodiesOf = (event: EventRecord): ((dialect: Dialect, deliveryId: string) => Buffer) => {
  const shared = new Map<Dialect, Buffer>();
  return (dialect, deliveryId) => {
    const known = shared.get(dialect);
    if (known !== undefined) return known;
    const body = Buffer.from(renderBody(dialect, { ...event, id: event.eventId, deliveryId }));
    if (!bodyNamesDelivery(dialect)) shared.set(dialect, body);
    return body;
  };
};

/**
 * Decides which endpoints of the tenant are owed an event: one delivery for each, with its body rendered once, and one
 * fan-out record that says who matched and why others did not. Pure but for the view, the clock and the templates; a
 * repeat gives the same delivery ids.
 *
 * @param headers of the records: the trace context of the event
 */
export const makePlanDeliveries = (deps: PlanDeliveriesDeps) => {
  const { view, compileEndpoint, renderTemplate, events, clock, maxDeadlineMs, onUnreadable } = deps;

  const deliveryFor = (
    event: EventRecord,
    endpoint: CompiledEndpoint,
    deliveryId: string,
    body: Buffer,
    nowMs: number,
  ) =>
    DeliveryRecord.fromPartial({
      tenantId: event.tenantId,
      endpointId: endpoint.id,
      eventId: event.eventId,
      deliveryId,
      eventType: event.type,
      subject: event.subject,
      body,
      round: 1,
      attempt: 1,
      roundFirstAttempt: 1,
      acceptedAtMs: event.acceptedAtMs,
      occurredAtMs: event.occurredAtMs,
      roundStartedAtMs: nowMs,
      deadlineAtMs: deadlineOf(nowMs, endpoint.policy, maxDeadlineMs),
      registryPosition: view.position(),
      endpointSubject: endpoint.subject,
    });

  return (event: EventRecord, headers: Readonly<Record<string, string>>): Plan => {
    const nowMs = clock.now();
    const records: NewRecord[] = [];
    const planned: PlannedDelivery[] = [];
    const templated: Promise<PlannedRecords>[] = [];
    const excluded: ExcludedEndpoint[] = [];
    const excludedCounts: Record<string, number> = {};
    const exclude = (endpointId: string, reason: string): void => {
      excludedCounts[reason] = (excludedCounts[reason] ?? 0) + 1;
      if (excluded.length < namedExclusions) excluded.push({ endpointId, reason });
    };
    const document = documentOf(event);
    const bodyFor = bodiesOf(event);
    const renderingFor = renderingsOf(event, renderTemplate);

    const planFor = (endpoint: CompiledEndpoint): void => {
      const reason = exclusionOf(endpoint, event, document);
      if (reason !== undefined) return exclude(endpoint.id, reason);
      const deliveryId = deliveryIdOf(event.eventId, endpoint.id, event.acceptedAtMs);
      const named = { deliveryId, endpointId: endpoint.id, endpointSubject: endpoint.subject };
      if (!endpoint.isEnabled) {
        planned.push({ ...named, status: toProto.status.skipped, reason: 'endpoint_disabled' });
        return;
      }
      const body = bodyFor(endpoint.dialect, deliveryId);
      const delivery = deliveryFor(event, endpoint, deliveryId, body, nowMs);
      if (endpoint.template !== undefined) {
        templated.push(planTemplated(delivery, renderingFor(body, endpoint.template), events, headers));
        return;
      }
      planned.push({ ...named, status: toProto.status.pending, reason: '' });
      records.push(toDeliveries(delivery, headers));
    };

    for (const state of view.endpointsOf(event.tenantId)) {
      try {
        planFor(compileEndpoint(state));
      } catch (error) {
        onUnreadable(state, error);
        exclude(state.endpoint?.id ?? '', 'unreadable');
      }
    }

    const registryPosition = view.position();
    const fanOut = (): NewRecord => {
      const plan = { planned, excludedCounts, excluded, registryPosition, plannedAtMs: nowMs };
      return fanOutRecord(event, plan, headers);
    };
    if (templated.length === 0) return { records: [...records, fanOut()], later: undefined };
    const later = Promise.all(templated).then((each) => {
      planned.push(...each.map((one) => one.planned));
      return [...each.flatMap((one) => one.records), fanOut()];
    });
    return { records, later };
  };
};
