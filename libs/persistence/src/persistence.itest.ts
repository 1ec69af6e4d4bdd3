import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freshDatabase, type FreshDatabase } from '@bellwire/testing';
import { sql } from 'kysely';
import { Client } from 'pg';
import {
  acrossTenants,
  inTenant,
  migrate,
  openDatabase,
  readTenant,
  tenantPolicySql,
  type Database,
  type Migrations,
} from './index.ts';

interface Tables {
  'shop.notes': { tenant_id: string; text: string };
}

const notes: Migrations = {
  '0001-notes': {
    async up(db) {
      await sql`create table notes (tenant_id text not null, text text not null)`.execute(db);
      for (const statement of tenantPolicySql('shop.notes')) await sql.raw(statement).execute(db);
    },
  },
};

let database: FreshDatabase;
let opened: Database<Tables>;
const open = (options: { poolSize?: number; schema?: string } = {}) =>
  openDatabase<Tables>({ connectionString: database.url, poolSize: 5, applicationName: 'itest', ...options });
const asSuperuser = async (statement: string) => {
  const client = new Client({ connectionString: database.superuserUrl });
  await client.connect();
  const { rows } = await client.query(statement);
  await client.end();
  return rows;
};
const terminateAll = () =>
  asSuperuser("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'itest'");

beforeEach(async () => {
  database = await freshDatabase();
  opened = open();
});
afterEach(async () => {
  await opened.close();
  await database.drop();
});

describe('tenants', () => {
  const write = (tenant: string, text: string) =>
    inTenant(opened.db, tenant, (trx) => trx.insertInto('shop.notes').values({ tenant_id: tenant, text }).execute());
  const texts = (rows: readonly { text: string }[]) => rows.map((row) => row.text).toSorted();

  beforeEach(async () => {
    await migrate({ db: opened.db, schema: 'shop', migrations: notes });
    await write('a', 'of a');
    await write('b', 'of b');
  });

  test('see their own rows and nobody else’s', async () => {
    const seen = await inTenant(opened.db, 'a', (trx) => trx.selectFrom('shop.notes').selectAll().execute());
    expect(texts(seen)).toEqual(['of a']);
  });

  test('cannot write, change or delete rows of another', async () => {
    const row = { tenant_id: 'b', text: 'forged' };
    await expect(inTenant(opened.db, 'a', (trx) => trx.insertInto('shop.notes').values(row).execute())).rejects.toThrow(
      'row-level security',
    );
    await inTenant(opened.db, 'a', (trx) => trx.deleteFrom('shop.notes').where('tenant_id', '=', 'b').execute());
    const left = await acrossTenants(opened.db, (trx) => trx.selectFrom('shop.notes').selectAll().execute());
    expect(texts(left)).toEqual(['of a', 'of b']);
  });

  test('a query outside of a scope sees nothing, also on a connection that had one', async () => {
    const one = open({ poolSize: 1 });
    expect(await one.db.selectFrom('shop.notes').selectAll().execute()).toEqual([]);
    await inTenant(one.db, 'a', (trx) => trx.selectFrom('shop.notes').selectAll().execute());
    expect(await one.db.selectFrom('shop.notes').selectAll().execute()).toEqual([]);
    await one.close();
  });

  test('are read as they were at one moment', async () => {
    await readTenant(opened.db, 'a', async (trx) => {
      const read = () => trx.selectFrom('shop.notes').selectAll().execute();
      expect(await read()).toHaveLength(1);
      await write('a', 'later');
      expect(await read()).toHaveLength(1);
    });
    const seen = await readTenant(opened.db, 'a', (trx) => trx.selectFrom('shop.notes').selectAll().execute());
    expect(texts(seen)).toEqual(['later', 'of a']);
  });

  test('the empty id and * are refused', async () => {
    for (const id of ['', '*'])
      for (const scoped of [inTenant, readTenant])
        await expect(scoped(opened.db, id, () => Promise.resolve())).rejects.toThrow('not the id');
  });
});

describe('migrating', () => {
  test('twice does no harm and leaves the connection as it was', async () => {
    const one = open({ poolSize: 1 });
    expect(await migrate({ db: one.db, schema: 'shop', migrations: notes })).toEqual(['0001-notes']);
    expect(await migrate({ db: one.db, schema: 'shop', migrations: notes })).toEqual([]);
    const { rows } = await sql<{ path: string; timeout: string }>`
      select current_setting('search_path') as path, current_setting('statement_timeout') as timeout`.execute(one.db);
    expect(rows).toEqual([{ path: '"$user", public', timeout: '30s' }]);
    await one.close();
  });

  test('ten migrators at once run each migration once', async () => {
    const others = Array.from({ length: 10 }, () => open({ poolSize: 1 }));
    const ran = await Promise.all(others.map(({ db }) => migrate({ db, schema: 'shop', migrations: notes })));
    expect(ran.flat()).toEqual(['0001-notes']);
    await Promise.all(others.map((other) => other.close()));
  });

  test('a failure names the migration, keeps nothing, and lets the next try in', async () => {
    const broken: Migrations = {
      ...notes,
      '0002-broken': { up: (db) => sql`creat table x`.execute(db).then(() => undefined) },
    };
    await expect(migrate({ db: opened.db, schema: 'shop', migrations: broken })).rejects.toThrow(
      /^Migration 0002-broken of shop failed: syntax error/,
    );
    expect(await migrate({ db: opened.db, schema: 'shop', migrations: notes })).toEqual(['0001-notes']);
  });

  test('a schema newer than the code is refused', async () => {
    const newer: Migrations = { ...notes, '0002-more': { up: () => Promise.resolve() } };
    await migrate({ db: opened.db, schema: 'shop', migrations: newer });
    await expect(migrate({ db: opened.db, schema: 'shop', migrations: notes })).rejects.toThrow(
      /^The schema shop is newer than this program: it has 0002-more,/,
    );
  });
});

describe('the pool', () => {
  let complaints: unknown[] = [];
  const complain = (error: unknown) => void complaints.push(error);
  beforeAll(() => void process.on('uncaughtException', complain));
  afterAll(() => void process.off('uncaughtException', complain));
  beforeEach(() => void (complaints = []));

  test('survives the end of its idle connections', async () => {
    await Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.05)`.execute(opened.db)));
    await terminateAll();
    let answer: unknown;
    for (let tries = 0; tries < 10 && answer === undefined; tries++) {
      answer = await sql<{ n: number }>`select 1 as n`.execute(opened.db).then(
        ({ rows }) => rows[0]?.n,
        () => undefined,
      );
    }
    expect(answer).toBe(1);
    expect(complaints).toEqual([]);
  });

  test('a transaction whose connection ends is a Fault, and the process lives', async () => {
    const outcome = acrossTenants(opened.db, async (trx) => {
      await terminateAll();
      await new Promise((resolve) => setImmediate(resolve));
      await sql`select 1`.execute(trx);
    });
    await expect(outcome).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    expect((await sql<{ n: number }>`select 2 as n`.execute(opened.db)).rows).toEqual([{ n: 2 }]);
    expect(complaints).toEqual([]);
  });

  test('a server that is away is a Fault', async () => {
    const away = openDatabase<Tables>({
      connectionString: 'postgres://x:y@127.0.0.1:1/x',
      poolSize: 1,
      applicationName: 'x',
    });
    await expect(acrossTenants(away.db, () => Promise.resolve())).rejects.toMatchObject({
      reason: 'DATABASE_UNAVAILABLE',
    });
    await away.close();
  });

  test('a statement has a time limit, and the service’s schema comes first', async () => {
    const short = openDatabase({
      connectionString: database.url,
      poolSize: 1,
      applicationName: 'itest',
      schema: 'shop',
      statementTimeoutMs: 50,
    });
    await expect(sql`select pg_sleep(5)`.execute(short.db)).rejects.toMatchObject({ code: '57014' });
    const { rows } = await sql`select current_setting('search_path') as path`.execute(short.db);
    expect(rows).toEqual([{ path: 'shop,public' }]);
    await short.close();
  });
});
