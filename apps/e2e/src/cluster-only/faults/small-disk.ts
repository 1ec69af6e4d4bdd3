import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A file system of its own, small enough to be filled. */
export interface SmallDisk {
  path: string;
  /** Leaves no byte. */
  fill(): void;
  /** Takes away what filled it. */
  free(): void;
  close(): Promise<void>;
}

const run = promisify(execFile);
const pieces = [1024 * 1024, 4096, 1];

const writeUntilFull = (file: string): void => {
  const target = openSync(file, 'w');
  try {
    for (const size of pieces) {
      try {
        for (;;) writeSync(target, Buffer.alloc(size, 1));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    }
  } finally {
    closeSync(target);
  }
};

/** @returns why there is none, as a sentence, where this machine does not allow mounts */
export const openSmallDisk = async (megabytes: number): Promise<SmallDisk | string> => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwire-disk-'));
  const filler = path.join(folder, 'filler');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error);
    return `This machine does not allow a small file system of its own (${said}): run it as root.`;
  }
  return {
    path: folder,
    fill: () => writeUntilFull(filler),
    free: () => rmSync(filler, { force: true }),
    close: async () => {
      await run('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
