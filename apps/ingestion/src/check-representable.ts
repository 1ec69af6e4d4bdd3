import { checkRepresentable, dialectNamed, warningOf } from '@bellwire/dialects';
import type { MinifiedJson } from '@bellwire/domain';
import { LRUCache } from 'lru-cache';

/** Told of data that some receivers of the dialect will refuse, about once for each tenant and event type. */
export type WarnOfData = (tenantId: string, eventType: string, warning: string) => void;

/** @throws Fault PAYLOAD_NOT_REPRESENTABLE */
export type CheckRepresentable = (
  tenant: { readonly id: string; readonly dialect: string },
  event: { readonly type: string; readonly data: MinifiedJson },
) => void;

/** Refuses data that receivers of the tenant's dialect could not verify, whatever they do. */
export const makeCheckRepresentable = (warn: WarnOfData): CheckRepresentable => {
  const warned = new LRUCache<string, true>({ max: 1000 });
  return (tenant, { type, data }) => {
    const dialect = dialectNamed(tenant.dialect);
    if (dialect === undefined) return;
    checkRepresentable(dialect, data);
    const warning = warningOf(dialect, data.text);
    const key = `${tenant.id}/${type}`;
    if (warning === undefined || warned.has(key)) return;
    warned.set(key, true);
    warn(tenant.id, type, warning);
  };
};
