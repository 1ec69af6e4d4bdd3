import type { Target } from '../../target/start-target.ts';
import { openRig } from './rig.ts';

/** What the processes said beside their start. */
const sayings = (cluster: Target): string =>
  cluster
    .output()
    .split('\n')
    .filter((line) => /^\S+ *\| /.test(line) && !line.includes(' is ready on '))
    .map((line) => line.slice(0, 600))
    .join('\n');

/** A server of a run's own, or whatever else is to be closed. */
interface Closeable {
  close(): Promise<void>;
}

export interface StageOptions<Server> {
  open(): Promise<Server>;
  /** Settings of the cluster that uses it. */
  envOf(server: Server): Readonly<Record<string, string>>;
  /** Prints what the processes said. */
  isVerbose: boolean;
}

/** A cluster for the length of the work, on a server that is closed after it. */
export const withStage = async <Server extends Closeable, Result>(
  { open, envOf, isVerbose }: StageOptions<Server>,
  work: (cluster: Target, server: Server) => Promise<Result>,
): Promise<Result> => {
  const server = await open();
  try {
    const rig = await openRig(envOf(server));
    try {
      return await work(rig.cluster, server);
    } finally {
      if (isVerbose) console.log(sayings(rig.cluster));
      await rig.close();
    }
  } finally {
    await server.close();
  }
};

/** For cases that leave the servers alone. */
export const noServer = { open: async () => ({ close: async () => undefined }) };
