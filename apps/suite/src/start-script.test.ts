import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { heapFlags } from '@bellwire/lifecycle';

test('npm start gives Node the flags that the launcher of the cluster gives its processes', () => {
  const file = new URL('../../../package.json', import.meta.url);
  const { scripts } = JSON.parse(readFileSync(file, 'utf8'));
  expect(scripts.start).toBe(`node ${heapFlags.join(' ')} apps/suite/src/main.ts`);
});
