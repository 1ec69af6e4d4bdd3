import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { holdDataFolder } from './index.ts';

let top: string;
beforeEach(() => void (top = mkdtempSync(path.join(tmpdir(), 'bellwire-hold-'))));
afterEach(() => rmSync(top, { recursive: true, force: true }));

/** Another process that holds the folder until it is killed. */
const holder = async (folder: string) => {
  const module = path.join(import.meta.dirname, 'index.ts');
  const code = `const { holdDataFolder } = await import(${JSON.stringify(module)});
    await holdDataFolder(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
};

describe('a data folder', () => {
  test('is made, for its owner only', async () => {
    const folder = path.join(top, 'new');
    const held = await holdDataFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await held.release();
  });

  test('has one holder at a time', async () => {
    const held = await holdDataFolder(top);
    await expect(holdDataFolder(top)).rejects.toThrow(
      `The data folder ${held.path} is in use by process ${process.pid}.`,
    );
    await held.release();
    await (await holdDataFolder(top)).release();
  });

  test('of ten at once, one gets it', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => holdDataFolder(top)));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    await won[0]?.value.release();
  });

  test.each([
    ['short', 'x'],
    ['too long for a socket', 'x'.repeat(120)],
  ])('whose path is %s is free again when its holder is killed', async (_, name) => {
    const folder = path.join(top, name);
    const child = await holder(folder);
    await expect(holdDataFolder(folder)).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await holdDataFolder(folder)).release();
  });
});
