import { connectBellwire, type BellwireClient } from '@bellwire/client';
import { startReceiver } from '@bellwire/testing';
import { createdEndpoint, newTenant, type Api } from '../../target/api.ts';
import { newDataDir, removeDataDir, startTarget, type Target } from '../../target/start-target.ts';
import { openLedger, type Ledger } from './ledger.ts';

/** A new tenant with so many endpoints, a publisher, and what arrives for it. */
export interface Run {
  api: Api;
  client: BellwireClient;
  ledger: Ledger;
  endpoints: number;
  close(): void;
}

/** A cluster, and a receiver that answers 200 and counts. */
export interface Rig {
  cluster: Target;
  newRun(endpoints: number): Promise<Run>;
  close(): Promise<void>;
}

/** @param env over what the cluster is started with */
export const openRig = async (env: Readonly<Record<string, string>> = {}): Promise<Rig> => {
  const dataDir = newDataDir();
  const ledgers: Ledger[] = [];
  const receiver = await startReceiver({
    keepBodies: false,
    keepLast: 0,
    answer: ({ path, headers }) => {
      const [, run, endpoint] = path.split('/');
      ledgers[Number(run)]?.note(Number(endpoint), String(headers['webhook-id']));
      return 200;
    },
  });
  const close = async (cluster?: Target): Promise<void> => {
    await cluster?.kill('SIGTERM');
    await receiver.close();
    removeDataDir(dataDir);
  };
  const cluster = await startTarget({ kind: 'cluster', dataDir, env }).catch(async (error: unknown) => {
    await close();
    throw error;
  });

  const newRun = async (endpoints: number): Promise<Run> => {
    const ledger = openLedger();
    const run = ledgers.push(ledger) - 1;
    const { key, api } = await newTenant(cluster.rest, cluster.adminKey);
    for (let n = 0; n < endpoints; n++) {
      await api.post('/v1/endpoints', { url: receiver.url(`/${run}/${n}`) }, createdEndpoint);
    }
    const client = connectBellwire({ address: cluster.grpc.ingestion, key });
    return { api, client, ledger, endpoints, close: () => client.close() };
  };
  return { cluster, newRun, close: () => close(cluster) };
};
