/** Retries may take this share of what the process may have in flight; first attempts all of it. */
const retryShare = 0.3;
/** A tenant may take this share, and more only while so much of all is free, so that another one finds room at once. */
const tenantShare = 0.25;
const keptFree = 0.125;

interface Counted {
  tenantId: string;
  isRetry: boolean;
}

/** What the process has in flight: in all, of each tenant, and how many of it are retries. */
export interface InFlight {
  begin(delivery: Counted): void;
  end(delivery: Counted): void;
  total(): number;
  /** Nothing more may start now. */
  isFull(): boolean;
  hasRoomForRetry(): boolean;
  isOverShare(tenantId: string): boolean;
}

/** @param mayStart false while nothing may start, however little is in flight */
export const countInFlight = (max: number, mayStart: () => boolean): InFlight => {
  const byTenant = new Map<string, number>();
  let total = 0;
  let retries = 0;
  const add = ({ tenantId, isRetry }: Counted, change: 1 | -1): void => {
    total += change;
    if (isRetry) retries += change;
    const own = (byTenant.get(tenantId) ?? 0) + change;
    if (own === 0) byTenant.delete(tenantId);
    else byTenant.set(tenantId, own);
  };
  return {
    begin: (delivery) => add(delivery, 1),
    end: (delivery) => add(delivery, -1),
    total: () => total,
    isFull: () => total >= max || !mayStart(),
    hasRoomForRetry: () => retries < Math.max(1, max * retryShare),
    isOverShare: (tenantId) =>
      (byTenant.get(tenantId) ?? 0) >= Math.max(1, max * tenantShare) && total >= max * (1 - keptFree),
  };
};
