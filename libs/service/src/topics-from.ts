import type { Settings } from '@bellwire/config';
import type { TopicSettings } from '@bellwire/messaging';

const hourMs = 60 * 60 * 1000;

/** The topics of the suite, as its settings want them. */
export const topicsFrom = (settings: Settings): TopicSettings => ({
  partitions: settings.BELLWIRE_PARTITIONS,
  tiers: settings.BELLWIRE_RETRY_TIERS,
  retention: {
    eventsMs: settings.BELLWIRE_RETENTION_EVENTS_HOURS * hourMs,
    deliveriesMs: settings.BELLWIRE_RETENTION_DELIVERIES_HOURS * hourMs,
    retriesMs: settings.BELLWIRE_RETENTION_RETRIES_HOURS * hourMs,
    deadLettersMs: settings.BELLWIRE_RETENTION_DEAD_LETTERS_HOURS * hourMs,
    auditMs: settings.BELLWIRE_RETENTION_AUDIT_LOG_HOURS * hourMs,
  },
});
