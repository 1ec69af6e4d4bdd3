import { fromProto, toProto, type CreateEndpointRequest, type CreateEndpointResponse } from '@bellwire/contracts';
import { Endpoint } from '@bellwire/contracts';
import { dialectNamed, headerNames, type Dialect } from '@bellwire/dialects';
import { newId, type Acting } from '@bellwire/domain';
import type { EgressPolicy } from '@bellwire/egress';
import { Fault } from '@bellwire/errors';
import type { RandomBytes } from '@bellwire/secrets';
import { newSecret, secretProblem } from '@bellwire/signing';
import { boundSubjectProblems, checkEndpoint, endpointFields } from './endpoint-rules/endpoint-fields.ts';
import { eachOnce } from './endpoint-rules/limits.ts';
import { hidden, revealKept, type EndpointWriteDeps } from './next-endpoint.ts';
import { endpointChange } from './registry-change.ts';
import { replaceSecrets } from './store/endpoint-secrets.ts';
import { insertEndpoint } from './store/endpoints.ts';
import { requestedByUser } from './switch-endpoint.ts';
import { tenantOf } from './tenant-of.ts';

export interface CreateEndpointDeps extends EndpointWriteDeps {
  urlPolicy: EgressPolicy;
  randomBytes: RandomBytes;
  /** Of one tenant. */
  maxEndpoints: number;
}

const quotaExceeded = (maxEndpoints: number): Fault =>
  new Fault('QUOTA_EXCEEDED', `A tenant may have ${maxEndpoints} endpoints, and this one has them.`, {
    fields: [{ path: 'endpoints', message: `must be at most ${maxEndpoints} of one tenant` }],
  });

/** @throws Fault INTERNAL: a tenant of a dialect that this version does not know */
export const dialectOf = (tenant: { dialect: string }): Dialect => {
  const dialect = dialectNamed(tenant.dialect);
  if (dialect === undefined) throw new Fault('INTERNAL', 'The dialect of the tenant is not known to this version.');
  return dialect;
};

/** A schedule that says nothing of what is retried takes that from its dialect. */
export const completeRetry = (retry: Endpoint['retry'], dialect: Dialect): Endpoint['retry'] =>
  retry && { ...retry, retryOn: toProto.retryOn[fromProto.retryOn(retry.retryOn) ?? dialect.retry.retryOn] };

/**
 * Makes an endpoint and its secret, which is in this answer and nowhere else. Answers once the change is on the log: events
 * published after it reach the endpoint. With a key that is bound to a subject it is that subject's. A call that ends with LOG_UNAVAILABLE may have made it all the same.
 *
 * @throws Fault INVALID_FIELD, INVALID_URL, INVALID_FILTER, UNKNOWN_TENANT, QUOTA_EXCEEDED, LOG_UNAVAILABLE, DATABASE_UNAVAILABLE
 */
export const makeCreateEndpoint =
  ({ commit, clock, seal, urlPolicy, randomBytes, maxEndpoints }: CreateEndpointDeps) =>
  (acting: Acting, request: CreateEndpointRequest): Promise<CreateEndpointResponse> =>
    commit(acting.tenantId, async ({ tx, announce }) => {
      const { tenantId } = acting;
      const dialect = dialectOf(await tenantOf(tx, tenantId));
      const given = request.endpoint ?? Endpoint.create();
      const wanted = { ...given, subject: acting.subject ?? given.subject };
      const wrongSecret = request.secret === undefined ? undefined : secretProblem(dialect.signature, request.secret);
      const problems = [
        ...(given.subject === undefined ? [] : boundSubjectProblems(given.subject, acting.subject)),
        ...revealKept(wanted.headers, {}).problems,
        ...(wrongSecret === undefined ? [] : [wrongSecret]),
      ];
      checkEndpoint(wanted, [...endpointFields.keys()], { urlPolicy, dialectHeaders: headerNames(dialect) }, problems);

      const now = new Date(clock.now());
      const place = { tenantId, endpointId: newId('ep', clock.now()) };
      const secret = request.secret ?? newSecret(dialect.signature, randomBytes);
      const secrets = [seal.secret(place, 1, secret)];
      const endpoint = {
        ...wanted,
        id: place.endpointId,
        enabled: request.disabled !== true,
        disabledReason: request.disabled === true ? requestedByUser : '',
        eventTypes: eachOnce(wanted.eventTypes),
        retry: completeRetry(wanted.retry, dialect),
        headers: hidden(wanted.headers),
        createdAt: now,
        updatedAt: now,
      };
      const stored = { tenantId, endpoint, sealedHeaders: seal.headers(place, 1, wanted.headers), version: 1 };
      if ((await insertEndpoint(tx, stored)) > maxEndpoints) throw quotaExceeded(maxEndpoints);
      await replaceSecrets(tx, place, secrets);
      await announce(endpointChange(stored, secrets));
      return { endpoint, secret };
    });
