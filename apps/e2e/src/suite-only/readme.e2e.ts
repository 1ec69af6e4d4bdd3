import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { newDataDir, removeDataDir, startTarget, type Target } from '../target/start-target.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const dataDir = newDataDir();
let suite: Target;

beforeAll(async () => {
  suite = await startTarget({ dataDir });
});

afterAll(async () => {
  await suite.kill('SIGTERM');
  removeDataDir(dataDir);
});

/** The commands of a section, with the addresses of this suite in the place of the default ones. */
const commandsOf = (section: string): string => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const text = readme.slice(readme.indexOf(`## ${section}`));
  const [, commands = ''] = /```sh\n([^]*?)```/.exec(text) ?? [];
  return commands.replaceAll('http://127.0.0.1:8080', suite.rest).replaceAll('.bellwire/', `${dataDir}/`);
};

describe('the README', () => {
  test('leads to a first delivery', async () => {
    const { stdout } = await promisify(execFile)('bash', ['-c', `set -e\n${commandsOf('A first delivery')}`], {
      cwd: root,
      timeout: 30_000,
    });
    expect(stdout).toMatch(/genuine evt_\w+ \{"type":"order\.paid".*"data":\{"amount":12\.50\}\}/);
    expect(stdout).toContain('"status": "delivered"');
  });
});
