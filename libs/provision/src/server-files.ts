import { openSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';

const largestLog = 10 * 1024 * 1024;

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export const freePort = async (): Promise<number> => {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port on 127.0.0.1.');
  return address.port;
};

/** Opens a server's log for appending, a new one after 10 MB; `from` is where this server's words begin. */
export const openServerLog = (file: string): { fd: number; from: number } => {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largestLog) renameSync(file, `${file}.1`);
  return { fd: openSync(file, 'a', 0o600), from: size > largestLog ? 0 : size };
};
