import { newDataDir, removeDataDir, startTarget, type Target } from '../../target/start-target.ts';

/** A cluster of a run's own. */
export interface Rig {
  cluster: Target;
  close(): Promise<void>;
}

/** All of audit is read after each case. */
const withoutRateLimit = { BELLWIRE_REQUESTS_PER_MINUTE: '1000000' };

/** @param env over what the cluster is started with */
export const openRig = async (env: Readonly<Record<string, string>> = {}): Promise<Rig> => {
  const dataDir = newDataDir();
  try {
    const cluster = await startTarget({ kind: 'cluster', dataDir, env: { ...withoutRateLimit, ...env } });
    return {
      cluster,
      close: async () => {
        await cluster.kill('SIGTERM');
        removeDataDir(dataDir);
      },
    };
  } catch (error) {
    removeDataDir(dataDir);
    throw error;
  }
};
