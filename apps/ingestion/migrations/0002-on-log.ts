import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';

// Why: a repeat of an event that the log has writes nothing, whichever process gets it and whatever that remembers. Safe
// while the previous version runs: yes. It does not write the column, also where it gives a key to a new event; so the column
// holds the acceptance time of the event that is on the log, and says something only while it equals accepted_at_ms.
//
// Each row is updated once, soon after it was inserted, and no index with it: half of a page is kept free for that, in pages
// that are filled from now on.
export const onLog: Migration = {
  async up(db) {
    await sql`alter table ingestion.reservations add column on_log_accepted_at_ms bigint`.execute(db);
    await sql`alter table ingestion.reservations set (fillfactor = 50)`.execute(db);
  },
};
