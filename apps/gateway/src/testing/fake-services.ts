import {
  ApiKey,
  Attempt,
  AuditServiceService,
  DeadLetter,
  Delivery,
  DeliveryStatus,
  DispatcherServiceService,
  Endpoint,
  Event,
  EventType,
  EventTypePolicy,
  GetStatsResponse,
  IngestionServiceService,
  Missing,
  Outcome,
  RegistryServiceService,
  RetryOn,
  Tenant,
  WhoAmIResponse,
  type AuditServiceServer,
  type DispatcherServiceServer,
  type IngestionServiceServer,
  type RegistryServiceServer,
} from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import type { Scope } from '@bellwire/lifecycle';
import { makeHandlers, openChannel, serveGrpc, type RpcChannel, type ServeOptions } from '@bellwire/rpc';
import type { Services } from '../app.ts';

const at = new Date('2026-01-31T12:00:00.000Z');
export const atText = at.toISOString();

const endpoint = Endpoint.fromPartial({
  id: 'ep_1',
  url: 'https://example.org/hooks',
  eventTypes: ['order.*'],
  filter: '{"data.amount":{"$gt":1e2}}',
  enabled: true,
  retry: { scheduleSeconds: [1, 2.5], retryOn: RetryOn.TRANSIENT },
  rateLimit: { limit: 5, periodSeconds: 60 },
  quietHours: { start: '22:00', end: '06:00', timeZone: 'Europe/Lisbon', mode: 'skip' },
  headers: { 'X-Team': '***' },
  metadata: { plan: 'gold' },
  createdAt: at,
  updatedAt: at,
});

/** What the fake services answer: one of each thing. */
export const samples = {
  tenant: Tenant.fromPartial({
    id: 'ten_1',
    name: 'Acme',
    dialect: 'standard',
    eventTypePolicy: EventTypePolicy.OPEN,
    retry: { scheduleSeconds: [1, 2], retryOn: RetryOn.TRANSIENT },
    createdAt: at,
  }),
  whoAmI: WhoAmIResponse.fromPartial({ tenantId: 'ten_1', dialect: 'standard', subject: 'u1', apiKeyId: 'key_1' }),
  apiKey: ApiKey.fromPartial({ id: 'key_1', tenantId: 'ten_1', name: 'ci', scopes: ['events:publish'], createdAt: at }),
  eventType: EventType.fromPartial({
    name: 'order.paid',
    schema: '{"type":"object","maximum":1.0}',
    version: 2,
    createdAt: at,
    updatedAt: at,
  }),
  endpoint,
  disabledEndpoint: { ...endpoint, enabled: false, disabledReason: 'requested_by_user' },
  event: Event.fromPartial({
    id: 'evt_1',
    type: 'order.paid',
    data: '{"10":1.0,"9":12345678901234567890,"text":"\\u00e9"}',
    occurredAt: at,
    acceptedAt: at,
    deliveries: [{ id: 'd-1', endpointId: 'ep_1', status: DeliveryStatus.RETRYING, reason: 'retry' }],
    excludedCounts: { filter: 2 },
  }),
  attempt: Attempt.fromPartial({
    attemptId: 'atm_1',
    number: 1,
    round: 1,
    startedAtMs: at.getTime(),
    durationMs: 12.5,
    outcome: Outcome.REJECTED,
    responseStatus: 500,
    responseHeaders: { 'content-type': 'text/plain' },
    responseBody: 'no',
    timings: { total: 12.5 },
    traceId: 'abc',
  }),
  stats: GetStatsResponse.fromPartial({
    all: {
      deliveries: { delivered: 3, dead_lettered: 1, retrying: 2 },
      attempts: 9,
      outcomes: { delivered: 3, rejected: 6 },
      responseStatuses: { 200: 3, 500: 6 },
      retries: 4,
      meanDurationMs: 12.5,
      meanAttempts: 1.5,
      dueRetries: 1,
      lastAttemptAt: at,
      rateLimited: 2,
    },
    eventTypes: [{ eventType: 'order.paid', deliveries: 6, delivered: 3, failed: 1 }],
    endpoints: [{ endpointId: 'ep_1', stats: { deliveries: { pending: 1 } } }],
    asOf: at,
  }),
};

const delivery = Delivery.fromPartial({
  id: 'd-1',
  eventId: 'evt_1',
  eventType: 'order.paid',
  endpointId: 'ep_1',
  subject: 'u1',
  status: DeliveryStatus.RETRYING,
  reason: 'retry',
  round: 1,
  attemptCount: 1,
  nextAttemptAt: at,
  createdAt: at,
  attempts: [samples.attempt],
});

const missing = Missing.fromPartial({
  tenantId: 'ten_1',
  eventId: 'evt_1',
  eventType: 'order.paid',
  deliveryId: 'd-1',
  endpointId: 'ep_1',
  status: DeliveryStatus.PENDING,
  round: 1,
  acceptedAt: at,
  lastChangeAt: at,
  foundAt: at,
});

const deadLetter = DeadLetter.fromPartial({
  delivery: { ...delivery, status: DeliveryStatus.DEAD_LETTERED, completedAt: at },
  deadLetteredAt: at,
  lastOutcome: Outcome.TIMED_OUT,
  lastError: 'no answer within 10 s',
});

/** A call as its service met it. */
export interface RecordedCall {
  method: string;
  request: unknown;
  bearer: string;
  tenant: string | undefined;
}

export interface FakeServices {
  services: Services;
  /** WhoAmI apart, which is asked at times. */
  calls: RecordedCall[];
  /** Whom a key acts for; samples.whoAmI where it is not here. */
  keys: Map<string, WhoAmIResponse>;
  /** What ListEndpoints answers. */
  endpoints: Endpoint[];
  /** Names of the event types that GetEventType says are archived. */
  archived: Set<string>;
  /** JSON text of the settings that PutSubjectSettings has kept, of any subject. */
  kept: { settings: string };
  /** By method: runs before the answer; what it throws is what the service throws. */
  before: Map<string, (request: unknown) => Promise<void> | void>;
}

const registryOf = ({ unary, keys, endpoints, archived, kept }: Answering): RegistryServiceServer => ({
  createTenant: unary('CreateTenant', () => samples.tenant),
  getTenant: unary('GetTenant', () => samples.tenant),
  listTenants: unary('ListTenants', () => ({ tenants: [samples.tenant], nextCursor: 'more' })),
  updateTenant: unary('UpdateTenant', () => samples.tenant),
  whoAmI: unary('WhoAmI', (_request, bearer): WhoAmIResponse => keys.get(bearer) ?? samples.whoAmI),
  getSubjectSettings: unary('GetSubjectSettings', ({ subject }) => ({ subject, settings: kept.settings })),
  putSubjectSettings: unary('PutSubjectSettings', ({ subject, settings, replaces = kept.settings }) => {
    if (replaces !== kept.settings) throw new Fault('LOST_RACE', 'The settings have changed since they were read.');
    kept.settings = settings;
    return { subject, settings };
  }),
  createApiKey: unary('CreateApiKey', () => ({ apiKey: samples.apiKey, key: 'bw_secret' })),
  listApiKeys: unary('ListApiKeys', () => ({ apiKeys: [samples.apiKey], nextCursor: '' })),
  revokeApiKey: unary('RevokeApiKey', () => ({})),
  createEventType: unary('CreateEventType', () => samples.eventType),
  getEventType: unary('GetEventType', ({ name }) => ({ ...samples.eventType, archived: archived.has(name) })),
  listEventTypes: unary('ListEventTypes', () => ({ eventTypes: [samples.eventType], nextCursor: '' })),
  updateEventType: unary('UpdateEventType', () => samples.eventType),
  archiveEventType: unary('ArchiveEventType', () => ({ ...samples.eventType, archived: true })),
  learnEventTypes: unary('LearnEventTypes', () => ({})),
  createEndpoint: unary('CreateEndpoint', ({ disabled }) => ({
    endpoint: disabled === true ? samples.disabledEndpoint : samples.endpoint,
    secret: 'whsec_1',
  })),
  getEndpoint: unary('GetEndpoint', () => samples.endpoint),
  listEndpoints: unary('ListEndpoints', () => ({ endpoints, nextCursor: '' })),
  updateEndpoint: unary('UpdateEndpoint', () => samples.endpoint),
  deleteEndpoint: unary('DeleteEndpoint', () => ({})),
  enableEndpoint: unary('EnableEndpoint', () => samples.endpoint),
  disableEndpoint: unary('DisableEndpoint', () => samples.disabledEndpoint),
  rotateSecret: unary('RotateSecret', () => ({ endpoint: samples.endpoint, secret: 'whsec_2' })),
  getSecret: unary('GetSecret', () => ({ secret: 'whsec_1' })),
});

const ingestionOf = ({ unary, duplex }: Answering): IngestionServiceServer => ({
  publish: unary('Publish', () => ({ eventId: 'evt_1', duplicate: false })),
  publishBatch: unary('PublishBatch', () => ({ results: [] })),
  publishStream: duplex('PublishStream', async () => undefined),
});

const dispatcherOf = ({ unary }: Answering): DispatcherServiceServer => ({
  redeliver: unary('Redeliver', ({ deliveryId }) => ({ deliveryId, round: 2 })),
  sendTest: unary('SendTest', () => ({ attempt: samples.attempt, body: '{"n":1.0}' })),
  cancel: unary('Cancel', () => ({})),
  previewTemplate: unary('PreviewTemplate', () => ({ body: '{"10":1.0,"9":1e2}' })),
  testFilter: unary('TestFilter', () => ({ matches: true })),
});

const listed = { nextCursor: 'more', asOf: at };

const auditOf = ({ unary }: Answering): AuditServiceServer => ({
  getEvent: unary('GetEvent', () => ({ event: samples.event, asOf: at })),
  listEvents: unary('ListEvents', ({ withTotal }) => ({
    events: [samples.event],
    ...listed,
    total: withTotal ? 1 : undefined,
  })),
  getDelivery: unary('GetDelivery', () => ({ delivery, asOf: at })),
  listDeliveries: unary('ListDeliveries', ({ withTotal }) => ({
    deliveries: [delivery],
    ...listed,
    total: withTotal ? 1 : undefined,
  })),
  getStats: unary('GetStats', () => samples.stats),
  reconcile: unary('Reconcile', () => ({
    missing: [
      missing,
      { ...missing, deliveryId: undefined, endpointId: undefined, status: 'DELIVERY_STATUS_UNSPECIFIED' },
    ],
    nextCursor: 'more',
    missingCount: 7,
    checkedAt: at,
    asOf: at,
    underWay: true,
  })),
  listDeadLetters: unary('ListDeadLetters', () => ({ deadLetters: [deadLetter], nextCursor: '', asOf: at })),
});

/** Handlers that record each call, run what is to run before, and answer. */
const answering = (
  service: string,
  { calls, before, keys, endpoints, archived, kept }: Omit<FakeServices, 'services'>,
) => {
  const handlers = makeHandlers({
    service,
    authenticate: async (bearer) => ({
      kind: 'tenant',
      keyId: bearer,
      tenantId: 'ten_1',
      scopes: new Set(),
      subject: undefined,
    }),
    onBug: () => undefined,
  });
  const unary = <Request, Response>(method: string, answer: (request: Request, bearer: string) => Response) =>
    handlers.unary<Request, Response>(method, async (request, { principal, namedTenant }) => {
      const bearer = principal.kind === 'tenant' ? principal.keyId : '';
      if (method !== 'WhoAmI') calls.push({ method, request, bearer, tenant: namedTenant });
      await before.get(method)?.(request);
      return answer(request, bearer);
    });
  return { unary, duplex: handlers.duplex, keys, endpoints, archived, kept };
};

type Answering = ReturnType<typeof answering>;

/** The four services, really over gRPC, with one answer to each call. */
export const openFakeServices = async (scope: Scope): Promise<FakeServices> => {
  const calls: RecordedCall[] = [];
  const before: FakeServices['before'] = new Map();
  const keys: FakeServices['keys'] = new Map();
  const endpoints = [samples.endpoint];
  const archived = new Set<string>();
  const kept = { settings: '{}' };

  const serve = async (
    service: string,
    definition: ServeOptions['definition'],
    implement: (answers: Answering) => ServeOptions['implementation'],
  ): Promise<RpcChannel> => {
    const implementation = implement(answering(service, { calls, before, keys, endpoints, archived, kept }));
    const options = { host: '127.0.0.1', port: 0, service, definition, implementation };
    const server = scope.own(service, await serveGrpc(options));
    return scope.own(`channel to ${service}`, openChannel(`127.0.0.1:${server.port}`));
  };

  const services = {
    registry: await serve('bellwire.registry.v1.RegistryService', RegistryServiceService, registryOf),
    ingestion: await serve('bellwire.ingestion.v1.IngestionService', IngestionServiceService, ingestionOf),
    dispatcher: await serve('bellwire.dispatcher.v1.DispatcherService', DispatcherServiceService, dispatcherOf),
    audit: await serve('bellwire.audit.v1.AuditService', AuditServiceService, auditOf),
  };
  return { services, calls, before, keys, endpoints, archived, kept };
};
