/** Who is served next: tenants in turn, and of each tenant its endpoints in turn. Adding one that waits already does nothing. */
export interface Turns {
  add(tenantId: string, endpointId: string): void;
  /**
   * Offers turns until nobody wants one: `serve` starts one delivery of the endpoint and says whether it has more to start.
   * A tenant that `isHeldBack` is passed over and keeps its place among the next turns.
   */
  each(options: {
    isFull(): boolean;
    isHeldBack(tenantId: string): boolean;
    serve(endpointId: string): 'more' | 'done';
  }): void;
}

export const openTurns = (): Turns => {
  const turns = new Map<string, Set<string>>();

  return {
    add(tenantId, endpointId) {
      const endpoints = turns.get(tenantId);
      if (endpoints === undefined) turns.set(tenantId, new Set([endpointId]));
      else endpoints.add(endpointId);
    },
    each({ isFull, isHeldBack, serve }) {
      const heldBack = new Map<string, Set<string>>();
      // What is put back while this goes over the map comes up again, behind the others.
      for (const [tenantId, endpoints] of turns) {
        if (isFull()) break;
        turns.delete(tenantId);
        if (isHeldBack(tenantId)) {
          heldBack.set(tenantId, endpoints);
          continue;
        }
        const [endpointId] = endpoints;
        if (endpointId === undefined) continue;
        endpoints.delete(endpointId);
        if (serve(endpointId) === 'more') endpoints.add(endpointId);
        const added = turns.get(tenantId);
        for (const each of added ?? []) endpoints.add(each);
        if (endpoints.size > 0) turns.set(tenantId, endpoints);
      }
      for (const [tenantId, endpoints] of heldBack) {
        const added = turns.get(tenantId);
        for (const each of added ?? []) endpoints.add(each);
        turns.set(tenantId, endpoints);
      }
    },
  };
};
