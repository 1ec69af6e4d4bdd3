import type { Clock } from '@bellwire/domain';
import type { Logger } from '@bellwire/lifecycle';
import type { Writer } from './writer.ts';

const worthSayingMs = 30_000;

/** Says so where records wait in this process for longer than half a minute. */
export const makeWatchLag =
  ({ writer, clock, log }: { writer: Pick<Writer, 'waiting'>; clock: Clock; log: Logger }) =>
  (): void => {
    const { records, oldestMs } = writer.waiting();
    if (oldestMs === undefined) return;
    const lagMs = clock.now() - oldestMs;
    if (lagMs > worthSayingMs) log.warn({ lag_ms: lagMs, records }, 'audit.behind');
  };
