import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  TraceFlags,
  type Context,
  type Span,
  type SpanOptions,
} from '@opentelemetry/api';
import { openGateway, type TestGateway } from './testing/open-gateway.ts';

interface OpenedSpan {
  name: string;
  kind: SpanKind | undefined;
  attributes: Record<string, unknown>;
  traceId: string | undefined;
  spanId: string;
  parentId: string | undefined;
  isEnded: boolean;
}

const spans: OpenedSpan[] = [];
const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';

const startSpan = (name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span => {
  const parent = trace.getSpanContext(parentContext);
  const spanId = String(spans.length + 1).padStart(16, '0');
  const opened: OpenedSpan = {
    name,
    kind: options.kind,
    attributes: { ...options.attributes },
    traceId: parent?.traceId,
    spanId,
    parentId: parent?.spanId,
    isEnded: false,
  };
  spans.push(opened);
  const span = trace.wrapSpanContext({ traceId: parent?.traceId ?? traceId, spanId, traceFlags: TraceFlags.SAMPLED });
  span.setAttribute = (key, value) => {
    opened.attributes[key] = value;
    return span;
  };
  span.end = () => {
    opened.isEnded = true;
  };
  return span;
};

let gateway: TestGateway;

beforeAll(async () => {
  const storage = new AsyncLocalStorage<Context>();
  const manager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: <Args extends unknown[], Result>(
      active: Context,
      run: (...args: Args) => Result,
      self?: ThisParameterType<(...args: Args) => Result>,
      ...args: Args
    ): Result => storage.run(active, () => run.call(self, ...args)),
    bind: <Target>(_active: Context, target: Target): Target => target,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
  propagation.setGlobalPropagator({
    fields: () => ['traceparent'],
    inject: (from, carrier, setter) => {
      const active = trace.getSpanContext(from);
      if (active !== undefined) setter.set(carrier, 'traceparent', `00-${active.traceId}-${active.spanId}-01`);
    },
    extract: (into, carrier, getter) => {
      const [, id, spanId] = String(getter.get(carrier, 'traceparent')).split('-');
      if (id === undefined || spanId === undefined) return into;
      return trace.setSpanContext(into, { traceId: id, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
    },
  });
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan,
      startActiveSpan: () => {
        throw new Error('not used');
      },
    }),
  });
  gateway = await openGateway();
});

afterAll(async () => {
  await gateway.close();
  for (const api of [context, propagation, trace]) api.disable();
});

const until = async (isTrue: () => boolean): Promise<void> => {
  for (const giveUpAt = Date.now() + 5000; !isTrue();) {
    if (Date.now() > giveUpAt) throw new Error('it did not come to be');
    await new Promise((resolve) => setImmediate(resolve));
  }
};

test('one trace runs from the caller through the gateway to the service, past a body', async () => {
  const headers = { traceparent: `00-${traceId}-${callerId}-01` };
  const json = '{"type":"a","data":1}';
  await gateway.call('POST', '/v1/events', { json, headers });
  await until(() => spans.length === 2 && spans.every(({ isEnded }) => isEnded));
  expect(spans).toMatchObject([
    {
      name: 'POST /v1/events',
      kind: SpanKind.SERVER,
      traceId,
      parentId: callerId,
      attributes: { 'http.request.method': 'POST', 'http.route': '/v1/events', 'http.response.status_code': 202 },
    },
    { name: 'bellwire.ingestion.v1.IngestionService/Publish', traceId, parentId: spans[0]?.spanId },
  ]);
});

test('a failed request says why on its span, which names the route and not the URL', async () => {
  spans.length = 0;
  await gateway.call('GET', '/v1/event-types/a.b?colour=red');
  await until(() => spans.length === 1 && spans.every(({ isEnded }) => isEnded));
  expect(spans).toMatchObject([
    {
      name: 'GET /v1/event-types/:name',
      attributes: { 'http.response.status_code': 400, 'error.type': 'INVALID_FIELD' },
    },
  ]);
});

test('probes have no span', async () => {
  spans.length = 0;
  await gateway.call('GET', '/healthz');
  await gateway.call('GET', '/nowhere');
  await until(() => spans.length > 0);
  expect(spans).toMatchObject([{ name: 'GET' }]);
});
