import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A key that a file keeps between starts; made, readable by its owner only, at the first.
 *
 * @throws Error where the file is gone while the data is there: a new key would not open what the old one sealed
 */
export const keptKey = (folder: string, name: string): string => {
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    if (existsSync(path.join(folder, 'postgres'))) {
      throw new Error(
        `${file} is gone, and the data beside it needs it. Restore it from a backup, or set it by variable.`,
      );
    }
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(file, 0o600);
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key.length < 32)
    throw new Error(`${file} does not hold a key of 32 characters or more. Restore it from a backup.`);
  return key;
};
