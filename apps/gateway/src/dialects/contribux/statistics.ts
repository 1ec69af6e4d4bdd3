import type { DeliveryStats } from '@bellwire/contracts';

/** A share from 0 to 1 with three decimals; 0 of nothing. */
const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((part / whole) * 1000) / 1000);

/**
 * Of the deliveries that were tried, which are as many as first attempts: one that has not arrived has failed so far,
 * whatever it waits for.
 */
export const statisticsOf = (stats: DeliveryStats | undefined) => {
  const { deliveries = {}, attempts = 0, retries = 0 } = stats ?? {};
  const { delivered = 0 } = deliveries;
  const total = Math.max(delivered, attempts - retries);
  return {
    total_deliveries: total,
    successful_deliveries: delivered,
    failed_deliveries: total - delivered,
    success_rate: shareOf(delivered, total),
  };
};
