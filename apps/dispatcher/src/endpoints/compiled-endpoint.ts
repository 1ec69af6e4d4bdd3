import type { Endpoint, EndpointState, Tenant } from '@bellwire/contracts';
import { fromProto } from '@bellwire/contracts';
import { dialectNamed, resolvePolicy, type Dialect } from '@bellwire/dialects';
import type { RetryPolicy } from '@bellwire/domain';
import { compileEventTypes, compileFilter, type Filter } from '@bellwire/filtering';
import type { RegistryView } from '@bellwire/registry-view';
import { makeQuietUntil } from '../rules/quiet-hours.ts';
import type { Keyring } from '@bellwire/secrets';
import { prepareKey, type PreparedKey } from '@bellwire/signing';
import { expressionOf } from '@bellwire/templating';

/** An endpoint in the form in which router and deliverer use it, made once for each version of it and of its tenant. */
export interface CompiledEndpoint {
  readonly id: string;
  readonly tenantId: string;
  readonly url: string;
  readonly subject: string | undefined;
  readonly isEnabled: boolean;
  /** It receives test events only. */
  readonly isTestMode: boolean;
  readonly dialect: Dialect;
  readonly policy: RetryPolicy;
  readonly timeoutMs: number;
  /** Undefined: the default of the deployment. */
  readonly maxConcurrency: number | undefined;
  /** Requests that may start in any period. */
  readonly rateLimit: RateLimit | undefined;
  /** Deliveries that may be begun in an hour. */
  readonly hourlyLimit: number | undefined;
  readonly quietHours: QuietHours | undefined;
  /** Until when its quiet hours last; undefined outside them. */
  quietUntil(nowMs: number): number | undefined;
  readonly wantsType: (eventType: string) => boolean;
  readonly filter: Filter | undefined;
  /** Makes another body of the dialect's: a JSONata expression. */
  readonly template: string | undefined;
  /** Newest first, those that have ended left out. */
  signingKeys(nowMs: number): readonly PreparedKey[];
  readonly createdAtMs: number;
  /** Of its last edit. */
  readonly updatedAtMs: number;
  readonly customHeaders: Readonly<Record<string, string>>;
}

export interface RateLimit {
  readonly limit: number;
  readonly periodSeconds: number;
}

/** Local times of day, HH:MM; an end before the start is on the next day. */
export interface QuietHours {
  readonly start: string;
  readonly end: string;
  /** IANA name. */
  readonly timeZone: string;
  /** What becomes of a delivery that falls into them: delivered afterwards, or never. */
  readonly mode: 'hold' | 'skip';
}

export type CompileEndpoint = (state: EndpointState) => CompiledEndpoint;

const headersFrom = (sealed: Uint8Array, open: (sealed: Uint8Array) => string): Record<string, string> => {
  if (sealed.length === 0) return {};
  const parsed: unknown = JSON.parse(open(sealed));
  if (typeof parsed !== 'object' || parsed === null) return {};
  return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
};

const quietHoursOf = (quiet: Endpoint['quietHours']): QuietHours | undefined =>
  quiet && { ...quiet, mode: quiet.mode === 'skip' ? 'skip' : 'hold' };

/** Schedule and time-out: the endpoint's own, else its tenant's, else those of the dialect. */
const pacingOf = (
  endpoint: Endpoint,
  tenant: Tenant | undefined,
  dialect: Dialect,
): Pick<CompiledEndpoint, 'policy' | 'timeoutMs'> => {
  const retry = endpoint.retry ?? tenant?.retry;
  const given = retry && { scheduleSeconds: retry.scheduleSeconds, retryOn: fromProto.retryOn(retry.retryOn) };
  return {
    policy: resolvePolicy(dialect, given),
    timeoutMs: endpoint.timeoutMs || tenant?.timeoutMs || dialect.timeoutMs,
  };
};

const compile = (state: EndpointState, tenant: Tenant | undefined, keyring: Keyring): CompiledEndpoint => {
  const { endpoint, tenantId } = state;
  if (endpoint === undefined) throw new Error('an endpoint state without its endpoint');
  const dialectName = tenant?.dialect ?? 'standard';
  const dialect = dialectNamed(dialectName);
  if (dialect === undefined) throw new Error(`this version does not know the dialect ${dialectName}`);
  const quietHours = quietHoursOf(endpoint.quietHours);
  const context = { tenantId, endpointId: endpoint.id };
  const keys = state.secrets.map(({ version, sealed, expiresAtMs }) => ({
    expiresAtMs,
    key: prepareKey(dialect.signature, keyring.open(sealed, { ...context, purpose: 'secret', version })),
  }));
  return {
    id: endpoint.id,
    tenantId,
    url: endpoint.url,
    subject: endpoint.subject,
    isEnabled: endpoint.enabled,
    isTestMode: endpoint.testMode,
    dialect,
    ...pacingOf(endpoint, tenant, dialect),
    maxConcurrency: endpoint.maxConcurrency > 0 ? endpoint.maxConcurrency : undefined,
    rateLimit: endpoint.rateLimit ?? dialect.rateLimit,
    hourlyLimit: endpoint.hourlyLimit > 0 ? endpoint.hourlyLimit : undefined,
    quietHours,
    quietUntil: quietHours === undefined ? () => undefined : makeQuietUntil(quietHours),
    wantsType: compileEventTypes(endpoint.eventTypes),
    filter: endpoint.filter === '' ? undefined : compileFilter(JSON.parse(endpoint.filter)),
    template: endpoint.payloadTemplate && expressionOf(endpoint.payloadTemplate),
    signingKeys: (nowMs) =>
      keys.filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs).map(({ key }) => key),
    createdAtMs: endpoint.createdAt?.getTime() ?? 0,
    updatedAtMs: endpoint.updatedAt?.getTime() ?? 0,
    customHeaders: headersFrom(state.sealedHeaders, (sealed) =>
      keyring.open(sealed, { ...context, purpose: 'headers', version: state.version }),
    ),
  };
};

/** States are replaced, never changed, so what is made from an endpoint's and its tenant's is kept as long as they live. */
export const makeCompileEndpoint = (view: Pick<RegistryView, 'tenant'>, keyring: Keyring): CompileEndpoint => {
  const compiled = new WeakMap<EndpointState, { tenant: Tenant | undefined; made: CompiledEndpoint }>();
  return (state) => {
    const tenant = view.tenant(state.tenantId);
    const known = compiled.get(state);
    if (known !== undefined && known.tenant === tenant) return known.made;
    const made = compile(state, tenant, keyring);
    compiled.set(state, { tenant, made });
    return made;
  };
};
