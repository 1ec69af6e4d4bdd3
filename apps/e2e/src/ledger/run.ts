import { connectBellwire, type BellwireClient } from '@bellwire/client';
import { startReceiver } from '@bellwire/testing';
import { createdEndpoint, newTenant, type Api } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { openIntents, type Intents } from './intents.ts';
import { openReceipts, receiptOf, type Receipts } from './receipts.ts';
import { behaviours, type Mix, type Speed } from './speeds.ts';

export interface RunEndpoint {
  readonly id: string;
  readonly speed: Speed;
}

/** A new tenant with endpoints of mixed speed, a publisher, and the ledgers of what was meant and what arrived. */
export interface Run {
  readonly api: Api;
  readonly client: BellwireClient;
  /** One more publisher, to another ingestion process. */
  connect(address: string): BellwireClient;
  readonly intents: Intents;
  readonly receipts: Receipts;
  readonly endpoints: readonly RunEndpoint[];
  /** Requests that may be under way to all of them at once. */
  readonly slots: number;
  close(): Promise<void>;
}

const speedsOf = (mix: Mix): readonly Speed[] =>
  (['fast', 'slow', 'shaky', 'failing', 'hanging'] as const).flatMap((speed) =>
    Array.from({ length: mix[speed] ?? 0 }, () => speed),
  );

export const openRun = async (target: Target, mix: Mix): Promise<Run> => {
  const intents = openIntents();
  const receipts = openReceipts();
  const secrets: string[] = [];
  const speeds = speedsOf(mix);
  const seen = new Set<string>();
  let firstAtMs: number | undefined;
  const receiver = await startReceiver({
    keepLast: 0,
    answer: (request) => {
      firstAtMs ??= request.receivedAtMs;
      const endpoint = Number(request.path.slice(1));
      const sinceMs = request.receivedAtMs - firstAtMs;
      const event = `${endpoint} ${String(request.headers['webhook-id'])}`;
      const answer = behaviours[speeds[endpoint] ?? 'fast'].answer({ sinceMs, isFirst: !seen.has(event), event });
      seen.add(event);
      const status = answer.hang === undefined ? answer.status : undefined;
      receipts.note(receiptOf(request, { endpoint, secret: secrets[endpoint] ?? '', status }));
      return answer;
    },
  });
  const { key, api } = await newTenant(target.rest, target.adminKey);
  const endpoints: RunEndpoint[] = [];
  for (const [number, speed] of speeds.entries()) {
    const members = { url: receiver.url(`/${number}`), ...behaviours[speed].members };
    const { id, secret } = await api.post('/v1/endpoints', members, createdEndpoint);
    secrets.push(secret);
    endpoints.push({ id, speed });
  }
  const clients: BellwireClient[] = [];
  const connect = (address: string): BellwireClient => {
    const client = connectBellwire({ address, key });
    clients.push(client);
    return client;
  };
  const slots = speeds.reduce((sum, speed) => sum + behaviours[speed].slots, 0);
  return {
    api,
    client: connect(target.grpc.ingestion),
    connect,
    intents,
    receipts,
    endpoints,
    slots,
    close: async () => {
      for (const client of clients) client.close();
      await receiver.close();
    },
  };
};
