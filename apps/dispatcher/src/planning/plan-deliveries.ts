import { DeliveryRecord, toProto, type EndpointState, type EventRecord } from '@bellwire/contracts';
import { bodyNamesDelivery, renderBody, type Dialect } from '@bellwire/dialects';
import { deadlineOf, deliveryIdOf, type Clock } from '@bellwire/domain';
import { eventDocument, type EventDocument } from '@bellwire/filtering';
import type { NewRecord } from '@bellwire/messaging';
import type { RegistryView } from '@bellwire/registry-view';
import type { CompiledEndpoint, CompileEndpoint } from '../endpoints/compiled-endpoint.ts';
import type { OperationalEvents } from '../telling/operational-events.ts';
import { openFanOut, type OpenFanOut } from './fan-out-records.ts';
import { begun, type PlannedRecords } from './first-records.ts';
import { planTemplated, renderingsOf, type RenderTemplate } from './plan-templated.ts';

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

/**
 * What an event leads to, made as it is taken: records to be written, and in between `undefined`, where others may have
 * their turn because nothing had to be written for a while. It ends with the part that waits for payload templates, if there
 * is one.
 */
export type Plan = Generator<NewRecord | undefined, Promise<Plan> | undefined, undefined>;

/** Endpoints that are looked at between two chances for others. */
const lookedAtOnce = 100;

/** Deliveries of one event that have their templates rendered, and are in memory for that, at a time. */
const renderedAtOnce = 64;

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

/** A delivery that waits for its payload template, with the text of that. */
interface Templated {
  delivery: DeliveryRecord;
  expression: string;
}

/** What a plan is made with. */
interface PlanFacts {
  registryPosition: number;
  plannedAtMs: number;
  maxDeadlineMs: number;
}

const deliveryFor = (event: EventRecord, endpoint: CompiledEndpoint, body: Buffer, facts: PlanFacts) =>
  DeliveryRecord.fromPartial({
    tenantId: event.tenantId,
    endpointId: endpoint.id,
    eventId: event.eventId,
    deliveryId: deliveryIdOf(event.eventId, endpoint.id, event.acceptedAtMs),
    eventType: event.type,
    subject: event.subject,
    body,
    round: 1,
    attempt: 1,
    roundFirstAttempt: 1,
    acceptedAtMs: event.acceptedAtMs,
    occurredAtMs: event.occurredAtMs,
    roundStartedAtMs: facts.plannedAtMs,
    deadlineAtMs: deadlineOf(facts.plannedAtMs, endpoint.policy, facts.maxDeadlineMs),
    registryPosition: facts.registryPosition,
    endpointSubject: endpoint.subject,
  });

function* told({ planned, records }: PlannedRecords, fanOut: OpenFanOut): Generator<NewRecord, void, undefined> {
  yield* records;
  const full = fanOut.plan(planned);
  if (full !== undefined) yield full;
}

/**
 * Decides which endpoints of the tenant are owed an event: one delivery for each, with its body rendered once, and fan-out
 * records that say who matched and why others did not. Pure but for the view, the clock and the templates; a repeat gives
 * the same delivery ids.
 *
 * @param headers of the records: the trace context of the event
 */
export const makePlanDeliveries = (deps: PlanDeliveriesDeps) => {
  const { view, compileEndpoint, renderTemplate, events, clock, maxDeadlineMs, onUnreadable } = deps;

  /** Some after the other: what is rendered is in memory until it is written. */
  const planRest = async (
    templated: readonly Templated[],
    render: ReturnType<typeof renderingsOf>,
    fanOut: OpenFanOut,
    headers: Readonly<Record<string, string>>,
  ): Promise<Plan> => {
    const now = templated.slice(0, renderedAtOnce);
    const rendered = await Promise.all(now.map(({ delivery, expression }) => render(delivery.body, expression)));
    const rest = templated.slice(renderedAtOnce);
    return (function* (): Plan {
      for (const [nth, { delivery }] of now.entries()) {
        const made = rendered[nth];
        if (made !== undefined) yield* told(planTemplated(delivery, made, events, headers), fanOut);
      }
      if (rest.length > 0) return planRest(rest, render, fanOut, headers);
      yield fanOut.end();
      return undefined;
    })();
  };

  return function* (event: EventRecord, headers: Readonly<Record<string, string>>): Plan {
    const facts = { registryPosition: view.position(), plannedAtMs: clock.now(), maxDeadlineMs };
    const fanOut = openFanOut(event, facts, headers);
    const templated: Templated[] = [];
    const document = documentOf(event);
    const bodyFor = bodiesOf(event);

    const planFor = (endpoint: CompiledEndpoint): PlannedRecords | undefined => {
      const excluded = exclusionOf(endpoint, event, document);
      if (excluded !== undefined) {
        fanOut.exclude(endpoint.id, excluded);
        return undefined;
      }
      const deliveryId = deliveryIdOf(event.eventId, endpoint.id, event.acceptedAtMs);
      if (!endpoint.isEnabled) {
        const [status, reason] = [toProto.status.skipped, 'endpoint_disabled'];
        const planned = { deliveryId, endpointId: endpoint.id, endpointSubject: endpoint.subject, status, reason };
        return { planned, records: [] };
      }
      const delivery = deliveryFor(event, endpoint, bodyFor(endpoint.dialect, deliveryId), facts);
      if (endpoint.template === undefined) return begun(delivery, events, headers);
      templated.push({ delivery, expression: endpoint.template });
      return undefined;
    };

    for (const [nth, state] of view.endpointsOf(event.tenantId).entries()) {
      let planned: PlannedRecords | undefined;
      try {
        planned = planFor(compileEndpoint(state));
      } catch (error) {
        onUnreadable(state, error);
        fanOut.exclude(state.endpoint?.id ?? '', 'unreadable');
      }
      if (planned !== undefined) yield* told(planned, fanOut);
      if (nth % lookedAtOnce === lookedAtOnce - 1) yield undefined;
    }

    if (templated.length > 0) return planRest(templated, renderingsOf(event, renderTemplate), fanOut, headers);
    yield fanOut.end();
    return undefined;
  };
};
