// Why: a key with a subject sees the deliveries to that subject's endpoints, and no others about it. Safe while the previous
// version runs: it names its columns, and writes none here.
//
// Null is a delivery to an endpoint of the whole tenant, and one that was recorded before this column: whose endpoint that
// was is not known here, so no key with a subject sees it any more; keys of the tenant do, and a redelivery tells it.
//
// The index holds nothing at first, but Postgres reads the table to know it: what is written meanwhile waits on the log.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const endpointSubject: Migration = {
  up: async (db: Kysely<unknown>) => {
    await sql`alter table audit.deliveries add column endpoint_subject text`.execute(db);
    await sql`create index deliveries_endpoint_subject
      on audit.deliveries (tenant_id, endpoint_subject, accepted_at, id) where endpoint_subject is not null`.execute(
      db,
    );
  },
};
