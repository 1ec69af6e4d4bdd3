import { Endpoint, type RegistryServiceServer } from '@bellwire/contracts';
import { invalidFields } from '@bellwire/errors';
import { makeCreateEndpoint } from '../create-endpoint.ts';
import { makeDeleteEndpoint } from '../delete-endpoint.ts';
import { makeGetSecret } from '../get-secret.ts';
import { isIdText } from '../id-text.ts';
import { noSuchEndpoint } from '../next-endpoint.ts';
import { readPage } from '../page.ts';
import { makeRotateSecret } from '../rotate-secret.ts';
import { findEndpoint, listEndpoints } from '../store/endpoints.ts';
import { makeDisableEndpoint, makeEnableEndpoint } from '../switch-endpoint.ts';
import { tenantOf } from '../tenant-of.ts';
import { subjectProblems } from '../text-rules.ts';
import { makeUpdateEndpoint } from '../update-endpoint.ts';
import { acting } from './acting.ts';
import type { RpcDeps } from './dependencies.ts';

type Reads = Pick<RegistryServiceServer, 'getEndpoint' | 'listEndpoints'>;
type Writes = Pick<
  RegistryServiceServer,
  | 'createEndpoint'
  | 'updateEndpoint'
  | 'deleteEndpoint'
  | 'enableEndpoint'
  | 'disableEndpoint'
  | 'rotateSecret'
  | 'getSecret'
>;

const readRpcs = ({ handlers, store }: RpcDeps): Reads => ({
  getEndpoint: handlers.unary('GetEndpoint', async ({ id }, call) => {
    const { tenantId, subject } = acting(call, 'endpoints:read');
    if (!isIdText(id)) throw noSuchEndpoint();
    const found = await store.inTenant(tenantId, (tx) => findEndpoint(tx, { tenantId, subject, id }));
    if (found === undefined) throw noSuchEndpoint();
    return found.endpoint;
  }),
  listEndpoints: handlers.unary('ListEndpoints', async (request, call) => {
    const { tenantId, subject: own } = acting(call, 'endpoints:read');
    const problems = subjectProblems(request.subject);
    if (problems.length > 0) throw invalidFields(problems);
    // Of another subject's there are none to see.
    if (own !== undefined && request.subject !== undefined && request.subject !== own) {
      return { endpoints: [], nextCursor: '' };
    }
    const subject = own ?? request.subject;
    const { items, nextCursor } = await readPage(
      'endpoint',
      request,
      (slice) =>
        store.inTenant(tenantId, async (tx) => {
          await tenantOf(tx, tenantId);
          return await listEndpoints(tx, tenantId, { ...slice, subject });
        }),
      ({ endpoint }) => endpoint.id,
    );
    return { endpoints: items.map(({ endpoint }) => endpoint), nextCursor };
  }),
});

const writeRpcs = (deps: RpcDeps): Writes => {
  const { handlers } = deps;
  const createEndpoint = makeCreateEndpoint(deps);
  const updateEndpoint = makeUpdateEndpoint(deps);
  const deleteEndpoint = makeDeleteEndpoint(deps);
  const enableEndpoint = makeEnableEndpoint(deps);
  const disableEndpoint = makeDisableEndpoint(deps);
  const rotateSecret = makeRotateSecret(deps);
  const getSecret = makeGetSecret(deps);
  const scope = 'endpoints:write';
  return {
    createEndpoint: handlers.unary('CreateEndpoint', (request, call) => createEndpoint(acting(call, scope), request)),
    updateEndpoint: handlers.unary('UpdateEndpoint', ({ endpoint, updateMask }, call) =>
      updateEndpoint(acting(call, scope), endpoint ?? Endpoint.create(), updateMask ?? []),
    ),
    deleteEndpoint: handlers.unary('DeleteEndpoint', async ({ id }, call) => {
      await deleteEndpoint(acting(call, scope), id);
      return {};
    }),
    enableEndpoint: handlers.unary('EnableEndpoint', ({ id }, call) => enableEndpoint(acting(call, scope), id)),
    disableEndpoint: handlers.unary('DisableEndpoint', ({ id, reason }, call) =>
      disableEndpoint(acting(call, scope), id, reason),
    ),
    rotateSecret: handlers.unary('RotateSecret', (request, call) => rotateSecret(acting(call, scope), request)),
    // Who may read it may sign: no less than a change.
    getSecret: handlers.unary('GetSecret', async ({ id }, call) => ({
      secret: await getSecret(acting(call, scope), id),
    })),
  };
};

export const endpointRpcs = (deps: RpcDeps): Reads & Writes => ({ ...readRpcs(deps), ...writeRpcs(deps) });
