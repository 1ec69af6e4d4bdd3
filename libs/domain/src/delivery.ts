/** One event owed to one endpoint. Each round ends in exactly one of the terminal states, with a reason. */
export const deliveryStatuses = [
  'pending',
  'held',
  'retrying',
  'delivered',
  'dead_lettered',
  'skipped',
  'cancelled',
] as const;

export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const isDeliveryStatus = (text: string): text is DeliveryStatus =>
  deliveryStatuses.some((status) => status === text);

/**
 * Within one (round, attempt) the greater rank is the later state: records may reach audit in any order, and the
 * greatest (round, attempt, rank) wins.
 */
export const statusRank: Readonly<Record<DeliveryStatus, number>> = {
  pending: 0,
  held: 1,
  retrying: 2,
  skipped: 3,
  cancelled: 4,
  dead_lettered: 5,
  delivered: 6,
};

export const isTerminal = (status: DeliveryStatus): boolean => statusRank[status] >= statusRank.skipped;

/** Why a delivery is where it is. Empty while nothing needs saying. */
export type DeliveryReason =
  | ''
  | 'retry'
  | 'retry_after'
  | 'attempts_exhausted'
  | 'not_retryable'
  | 'deadline'
  | 'endpoint_gone'
  | 'endpoint_disabled'
  | 'endpoint_deleted'
  | 'endpoint_unreadable'
  | 'template_failed'
  | 'too_large'
  | 'quarantined'
  | 'test_mode'
  | 'saturated'
  | 'rate_limited'
  | 'hourly_limit'
  | 'quiet_hours'
  | 'breaker_open'
  | 'cancelled_by_user'
  | 'redelivery';
