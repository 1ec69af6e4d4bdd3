import { EventType, type RegistryServiceServer } from '@bellwire/contracts';
import { isEventTypeName, requireAdmin } from '@bellwire/domain';
import { makeCreateEventType } from '../create-event-type.ts';
import { isIdText } from '../id-text.ts';
import { makeLearnEventTypes } from '../learn-event-types.ts';
import { readPage } from '../page.ts';
import { findEventType, listEventTypes } from '../store/event-types.ts';
import { noSuchTenant, tenantOf } from '../tenant-of.ts';
import { makeArchiveEventType, makeUpdateEventType, noSuchEventType } from '../update-event-type.ts';
import { acting, actingForAll } from './acting.ts';
import type { RpcDeps } from './dependencies.ts';

type EventTypeRpcs = Pick<
  RegistryServiceServer,
  'createEventType' | 'getEventType' | 'listEventTypes' | 'updateEventType' | 'archiveEventType' | 'learnEventTypes'
>;

/** Event types belong to the whole tenant: keys with a subject read them. */
export const eventTypeRpcs = (deps: RpcDeps): EventTypeRpcs => {
  const { handlers, store } = deps;
  const createEventType = makeCreateEventType(deps);
  const updateEventType = makeUpdateEventType(deps);
  const archiveEventType = makeArchiveEventType(deps);
  const learnEventTypes = makeLearnEventTypes(deps);
  return {
    createEventType: handlers.unary('CreateEventType', (request, call) =>
      createEventType(actingForAll(call, 'event-types:write').tenantId, request),
    ),
    getEventType: handlers.unary('GetEventType', async ({ name }, call) => {
      const { tenantId } = acting(call, 'event-types:read');
      if (!isEventTypeName(name)) throw noSuchEventType();
      const found = await store.inTenant(tenantId, (tx) => findEventType(tx, tenantId, name));
      if (found === undefined) throw noSuchEventType();
      return found;
    }),
    listEventTypes: handlers.unary('ListEventTypes', async (request, call) => {
      const { tenantId } = acting(call, 'event-types:read');
      const { items, nextCursor } = await readPage(
        'event-type',
        request,
        (slice) =>
          store.inTenant(tenantId, async (tx) => {
            await tenantOf(tx, tenantId);
            return await listEventTypes(tx, tenantId, slice);
          }),
        ({ name }) => name,
      );
      return { eventTypes: items, nextCursor };
    }),
    updateEventType: handlers.unary('UpdateEventType', ({ eventType, updateMask }, call) =>
      updateEventType(
        actingForAll(call, 'event-types:write').tenantId,
        eventType ?? EventType.create(),
        updateMask ?? [],
      ),
    ),
    archiveEventType: handlers.unary('ArchiveEventType', ({ name }, call) =>
      archiveEventType(actingForAll(call, 'event-types:write').tenantId, name),
    ),
    learnEventTypes: handlers.unary('LearnEventTypes', async (request, { principal }) => {
      requireAdmin(principal);
      if (!isIdText(request.tenantId)) throw noSuchTenant();
      await learnEventTypes(request);
      return {};
    }),
  };
};
