import { acrossTenants, type Database } from '@bellwire/persistence';
import type { Tables } from './tables.ts';

export interface Progress {
  nextOffset: number;
  recordedUntilMs: number;
}

export const progressKey = (topic: string, partition: number): string => `${topic}/${partition}`;

/**
 * How far every partition is recorded, by progressKey; one that is missing has nothing recorded.
 *
 * @throws Fault DATABASE_UNAVAILABLE
 */
export const readProgress = (db: Database<Tables>['db']): Promise<ReadonlyMap<string, Progress>> =>
  acrossTenants(db, async (trx) => {
    const rows = await trx.selectFrom('audit.progress').selectAll().execute();
    return new Map(
      rows.map(({ topic, partition, next_offset, recorded_until }) => [
        progressKey(topic, partition),
        { nextOffset: Number(next_offset), recordedUntilMs: recorded_until.getTime() },
      ]),
    );
  });
