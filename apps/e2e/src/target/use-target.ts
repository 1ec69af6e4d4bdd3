import { afterAll, beforeAll } from '@jest/globals';
import { startReceiver, type Receiver } from '@bellwire/testing';
import { newDataDir, removeDataDir, startTarget, type Target, type TargetOptions } from './start-target.ts';

/** Starts Bellwire and a receiver before the tests of a file, and ends them after the last. */
export const useTarget = (
  started: (running: { target: Target; receiver: Receiver }) => void,
  options: Omit<TargetOptions, 'dataDir'> = {},
): void => {
  const dataDir = newDataDir();
  let target: Target | undefined;
  let receiver: Receiver | undefined;

  beforeAll(async () => {
    receiver = await startReceiver();
    target = await startTarget({ ...options, dataDir });
    started({ target, receiver });
  });

  afterAll(async () => {
    await target?.kill('SIGTERM');
    await receiver?.close();
    removeDataDir(dataDir);
  });
};
