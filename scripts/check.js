// What CI runs, in order; stops at the first failure. `--fast` leaves the tests out.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = (name) => path.join(root, 'node_modules', '.bin', name);
const isFast = process.argv.includes('--fast');

const run = (what, file, args, options = {}) => {
  const startedAt = Date.now();
  try {
    execFileSync(file, args, { cwd: root, stdio: options.quiet ? 'pipe' : 'inherit', encoding: 'utf8' });
  } catch (error) {
    process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}\ncheck: ${what} failed\n`);
    process.exit(1);
  }
  process.stdout.write(`check: ${what} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`);
};

/** Whether regenerating changed what is committed. */
const generatedIsCurrent = () => {
  const changed = execFileSync('git', ['status', '--porcelain', '--', 'libs/contracts/src/generated', 'docs'], {
    cwd: root,
    encoding: 'utf8',
  });
  return changed.trim();
};

const before = generatedIsCurrent();
run('generate', process.execPath, ['scripts/generate.js'], { quiet: true });
const after = generatedIsCurrent();
if (after !== before || (process.env.CI === 'true' && after !== '')) {
  process.stderr.write(`check: generated files are not what is committed; run npm run gen and commit:\n${after}\n`);
  process.exit(1);
}
run('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
run('lint', bin('oxlint'), ['--type-aware', '--deny-warnings']);
run('boundaries', bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'apps', 'libs']);
run('types', process.execPath, ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json']);
if (!isFast) run('tests', process.execPath, ['scripts/jest.js']);
