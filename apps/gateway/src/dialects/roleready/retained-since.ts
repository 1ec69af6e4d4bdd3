import { roleReady } from '@bellwire/dialects';
import type { Clock } from '@bellwire/domain';

const dayMs = 86_400_000;

/** What was accepted before is not shown any more; undefined: whatever there is. */
export const retainedSince = (clock: Clock): Date | undefined =>
  roleReady.retentionDays === undefined ? undefined : new Date(clock.now() - roleReady.retentionDays * dayMs);
