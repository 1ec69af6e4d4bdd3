// Generates libs/contracts from proto/. Works offline: buf and ts-proto come with npm ci.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const proto = path.join(root, 'proto');
const buf = path.join(root, 'node_modules', '.bin', 'buf');
const run = (...args) => execFileSync(buf, args, { cwd: proto, stdio: 'inherit' });

run('lint');
run('generate');
run('build', '--as-file-descriptor-set', '-o', '../libs/contracts/src/generated/descriptors.binpb');
