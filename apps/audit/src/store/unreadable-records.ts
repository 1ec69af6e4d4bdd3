import { acrossTenants, type Database } from '@bellwire/persistence';
import type { Tables } from './tables.ts';

export const deleteUnreadableBefore = async (db: Database<Tables>['db'], timeMs: number): Promise<void> => {
  await acrossTenants(db, (trx) =>
    trx.deleteFrom('audit.unreadable_records').where('found_at', '<', new Date(timeMs)).execute(),
  );
};
