// Makes what is made from something else: libs/contracts from proto/, docs/configuration.md from the settings,
// docs/errors.md from the reasons. Works offline: buf and ts-proto come with npm ci.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeSettings } from '@bellwire/config';
import { describeReasons } from '@bellwire/errors';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const proto = path.join(root, 'proto');
const buf = path.join(root, 'node_modules', '.bin', 'buf');
const run = (...args) => execFileSync(buf, args, { cwd: proto, stdio: 'inherit' });

run('lint');
run('generate');
run('build', '--as-file-descriptor-set', '-o', '../libs/contracts/src/generated/descriptors.binpb');

mkdirSync(path.join(root, 'docs'), { recursive: true });
writeFileSync(path.join(root, 'docs', 'configuration.md'), describeSettings());
writeFileSync(path.join(root, 'docs', 'errors.md'), describeReasons());
