import type { DeliveryStats } from '@bellwire/contracts';

/** A share from 0 to 1 with three decimals; 0 of nothing. */
const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 1000) / 1000);

/** Of the deliveries that were tried: one that is still being retried has failed so far. */
export const statisticsOf = (stats: DeliveryStats | undefined) => {
  const { delivered = 0, retrying = 0, dead_lettered: dead = 0 } = stats?.deliveries ?? {};
  const failed = retrying + dead;
  const total = delivered + failed;
  return {
    total_deliveries: total,
    successful_deliveries: delivered,
    failed_deliveries: failed,
    success_rate: shareOf(delivered, total),
  };
};
