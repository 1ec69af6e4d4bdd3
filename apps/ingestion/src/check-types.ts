import { EventTypePolicy, type EventType, type Tenant } from '@bellwire/contracts';
import { Fault } from '@bellwire/errors';
import type { CheckedEvent } from './check-event.ts';
import type { CheckRepresentable } from './check-representable.ts';
import type { CheckSchema } from './check-schema.ts';
import type { Catalogue } from './ports.ts';

export interface CheckTypesDeps {
  catalogue: Catalogue;
  checkSchema: CheckSchema;
  checkRepresentable: CheckRepresentable;
  /** Told of each type that the catalogue does not have, where the tenant's policy is open. Returns at once. */
  learnType(tenantId: string, name: string): void;
}

/** The rules that the tenant's catalogue and dialect add: an event as it is, or why it is refused. */
export type CheckTypes = (
  tenantId: string,
  events: readonly (CheckedEvent | Fault)[],
) => Promise<readonly (CheckedEvent | Fault)[]>;

/**
 * What the view does not know may be on its way: the view catches up with registry once before anything is refused.
 * The promise rejects with UNKNOWN_TENANT, or LOG_UNAVAILABLE where the view cannot catch up.
 */
export const makeCheckTypes = ({
  catalogue,
  checkSchema,
  checkRepresentable,
  learnType,
}: CheckTypesDeps): CheckTypes => {
  const check = (tenant: Tenant, event: CheckedEvent, eventType: EventType | undefined): CheckedEvent => {
    checkRepresentable(tenant, event);
    if (eventType === undefined) {
      if (tenant.eventTypePolicy === EventTypePolicy.STRICT) {
        throw new Fault('UNKNOWN_EVENT_TYPE', `The event type ${event.type} is not in the catalogue.`);
      }
      learnType(tenant.id, event.type);
      return event;
    }
    if (eventType.archived) throw new Fault('ARCHIVED_EVENT_TYPE', `The event type ${event.type} is archived.`);
    checkSchema(tenant.id, eventType, event.data);
    return event;
  };

  return async (tenantId, events) => {
    const find = (name: string): EventType | undefined => catalogue.eventType(tenantId, name)?.eventType;
    const hasUnknown = (): boolean =>
      events.some((event) => !(event instanceof Fault) && find(event.type) === undefined);
    let tenant = catalogue.tenant(tenantId);
    if (tenant === undefined || (tenant.eventTypePolicy === EventTypePolicy.STRICT && hasUnknown())) {
      await catalogue.catchUp();
      tenant = catalogue.tenant(tenantId);
    }
    if (tenant === undefined) throw new Fault('UNKNOWN_TENANT', 'There is no such tenant.');
    const known = tenant;
    return events.map((event) => {
      if (event instanceof Fault) return event;
      try {
        return check(known, event, find(event.type));
      } catch (error) {
        if (error instanceof Fault) return error;
        throw error;
      }
    });
  };
};
