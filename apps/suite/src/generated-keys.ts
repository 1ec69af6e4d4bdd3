import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A key that a file keeps between starts; made, readable by its owner only, at the first. */
export const keptKey = (folder: string, name: string): string => {
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(file, 0o600);
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < 32)
    throw new Error(`${file} does not hold a key of 32 characters or more. Restore it from a backup.`);
  return key;
};
