import { notely } from '@bellwire/dialects';
import type { Clock } from '@bellwire/domain';

const dayMs = 24 * 60 * 60 * 1000;

export const daysAgo = (clock: Clock, days: number): Date => new Date(clock.now() - days * dayMs);

/** Deliveries of before are no longer shown: the document deletes them after 30 days. */
export const retainedFrom = (clock: Clock): Date => daysAgo(clock, notely.retentionDays ?? 30);
