import type { ServiceContext } from '@bellwire/service';
import { startAudit } from './start-audit.ts';

/** Audit, from the context of its process. */
export const composeAudit = (context: ServiceContext): Promise<{ port: number }> => {
  const { settings } = context;
  return startAudit({
    ...context,
    host: settings.BELLWIRE_HOST,
    port: settings.BELLWIRE_AUDIT_PORT,
    retentionDays: settings.BELLWIRE_RETENTION_DAYS,
    reconcile: {
      intervalMs: settings.BELLWIRE_RECONCILE_MINUTES * 60_000,
      graceMs: settings.BELLWIRE_RECONCILE_GRACE_SECONDS * 1000,
      tiers: settings.BELLWIRE_RETRY_TIERS.map(({ name }) => name),
    },
  });
};
