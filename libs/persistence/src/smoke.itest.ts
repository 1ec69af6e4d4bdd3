import { expect, test } from '@jest/globals';
import { freshDatabase } from '@bellwire/testing';
import pg from 'pg';

test('a fresh database answers', async () => {
  const database = await freshDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('select current_database() as name, current_setting($1) as su', ['is_superuser']);
  expect(rows).toEqual([{ name: database.name, su: 'off' }]);
  await client.end();
  await database.drop();
});
