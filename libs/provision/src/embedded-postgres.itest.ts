import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { openEmbeddedPostgres, stopLeftoverPostgres } from './index.ts';

let dataDir: string;
let said: string[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'bellwire-pg-'));
  said = [];
});
afterEach(async () => {
  await stopLeftoverPostgres(dataDir);
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

const open = (dir = dataDir) =>
  openEmbeddedPostgres({ dataDir: dir, databases: ['app'], log: (sentence) => said.push(sentence) });
const query = async (url: string, text: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text, rowMode: 'array' });
  await client.end();
  return rows;
};

/** Another process that opens the folder, runs a statement, and stays. */
const opener = async (dir: string, statement: string) => {
  const module = path.join(import.meta.dirname, 'index.ts');
  const code = `const { openEmbeddedPostgres } = await import(${JSON.stringify(module)}); const { Client } = await import('pg');
    const postgres = await openEmbeddedPostgres({ dataDir: ${JSON.stringify(dir)}, databases: ['app'] });
    const client = new Client({ connectionString: postgres.url('app') }); await client.connect();
    await client.query(${JSON.stringify(statement)});
    process.on('SIGTERM', () => process.exit(3)); console.log('ready');`;
  const args = ['--input-type=module', '-e', code];
  const child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
};

describe('an embedded Postgres', () => {
  test('serves its databases to an owner that is no superuser, and keeps them', async () => {
    const first = await open();
    expect(await query(first.url('app'), "select current_user, current_setting('is_superuser')")).toEqual([
      ['bellwire', 'off'],
    ]);
    await query(first.url('app'), 'create table kept as select 42 as n');
    await first.close();
    await first.close();
    const second = await open();
    expect(await query(second.url('app'), 'select n from kept')).toEqual([[42]]);
    expect(await query(second.superuserUrl('app'), 'show fsync')).toEqual([['on']]);
    await second.close();
    expect(said).toEqual([]);
  });

  test('keeps its password to its owner, and asks for it', async () => {
    const postgres = await open();
    expect(statSync(path.join(dataDir, 'postgres/password')).mode & 0o777).toBe(0o600);
    const wrong = new URL(postgres.superuserUrl());
    wrong.password = 'guess';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
    await postgres.close();
  });

  test('has one process; a second is told which', async () => {
    const postgres = await open();
    await expect(open()).rejects.toThrow(`is in use by process ${process.pid}`);
    expect(await query(postgres.url('app'), 'select 1')).toEqual([[1]]);
    await postgres.close();
  });

  test('left running by a killed process is stopped, and what was committed is there', async () => {
    const child = await opener(dataDir, 'create table kept as select 7 as n');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const postgres = await open();
    expect(said).toEqual([expect.stringContaining('that a killed process left')]);
    expect(await query(postgres.url('app'), 'select n from kept')).toEqual([[7]]);
    await postgres.close();
  });

  test('killed together with its process recovers what was committed', async () => {
    const child = await opener(dataDir, 'create table kept as select 8 as n');
    const pid = Number(readFileSync(path.join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
    child.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await once(child, 'exit');
    const postgres = await open();
    expect(await query(postgres.url('app'), 'select n from kept')).toEqual([[8]]);
    await postgres.close();
  });

  test('is not misled by a pid file whose pid belongs to somebody else now', async () => {
    await (await open()).close();
    const stale = `${process.pid}\n${dataDir}/postgres/data\n1700000000\n5432\n\n127.0.0.1\n0 0\nready\n`;
    writeFileSync(path.join(dataDir, 'postgres/data/postmaster.pid'), stale);
    const postgres = await open();
    expect(await query(postgres.url('app'), 'select 1')).toEqual([[1]]);
    await postgres.close();
  });

  test('ends with a process that exits without closing it', async () => {
    const child = await opener(dataDir, 'select 1');
    child.kill('SIGTERM');
    await once(child, 'exit');
    const pidFile = path.join(dataDir, 'postgres/data/postmaster.pid');
    const end = performance.now() + 10_000;
    while (existsSync(pidFile) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(existsSync(pidFile)).toBe(false);
  });

  test('runs in a folder that only its user can enter', async () => {
    const closed = path.join(dataDir, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    const postgres = await open(path.join(closed, 'a/b'));
    expect(await query(postgres.url('app'), 'select 1')).toEqual([[1]]);
    await postgres.close();
  });

  test('of another major version is refused with a sentence', async () => {
    await (await open()).close();
    writeFileSync(path.join(dataDir, 'postgres/data/PG_VERSION'), '15\n');
    await expect(open()).rejects.toThrow('was made by Postgres 15');
  });
});
