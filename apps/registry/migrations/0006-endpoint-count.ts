// Why: a tenant has a quota of endpoints, and counting up to hundreds of thousands of rows at every creation is too dear.
// Safe while the previous version runs: the trigger counts what it makes and deletes.
//
// The count changes with the row that it counts, under the tenant's row lock: two creations at once cannot both take the
// last place.
import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

const statements = [
  `alter table registry.tenants add column endpoint_count integer not null default 0`,
  `create function registry.count_endpoint() returns trigger language plpgsql as $$
   begin
     if tg_op = 'INSERT' then
       update registry.tenants set endpoint_count = endpoint_count + 1 where tenant_id = new.tenant_id;
     else
       update registry.tenants set endpoint_count = endpoint_count - 1 where tenant_id = old.tenant_id;
     end if;
     return null;
   end $$`,
  // It keeps writers away until the count is there, too.
  `create trigger endpoints_count after insert or delete on registry.endpoints
   for each row execute function registry.count_endpoint()`,
  `select set_config('bellwire.tenant_id', '*', true)`,
  `update registry.tenants as t set endpoint_count =
     (select count(*) from registry.endpoints as e where e.tenant_id = t.tenant_id)`,
];

export const endpointCount: Migration = {
  up: async (db: Kysely<unknown>) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};
