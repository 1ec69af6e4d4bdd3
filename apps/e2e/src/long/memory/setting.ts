import { connectBellwire } from '@bellwire/client';
import { startReceiver } from '@bellwire/testing';
import { created, newTenant, type Api } from '../../target/api.ts';
import type { Target } from '../../target/start-target.ts';

/** A tenant with a receiver of its own, whose answers can be changed. */
export interface Setting {
  api: Api;
  /** Makes endpoints at the receiver, several at a time. */
  endpoints(count: number, fields?: object): Promise<void>;
  /** Publishes one event with so many bytes of data. */
  publish(bytes: number): Promise<void>;
  /** Requests so far. */
  requests(): number;
  /** When the nth request came, in milliseconds since 1970. */
  cameAtMs: readonly number[];
  answer(status: number): void;
  close(): Promise<void>;
}

const createdAtOnce = 16;

export const newSetting = async (target: Target, name: string): Promise<Setting> => {
  let status = 200;
  const cameAtMs: number[] = [];
  const receiver = await startReceiver({
    keepLast: 0,
    answer: ({ receivedAtMs }) => {
      cameAtMs.push(receivedAtMs);
      return status;
    },
  });
  const { key, api } = await newTenant(target.rest, target.adminKey, name);
  const client = connectBellwire({ address: target.grpc.ingestion, key });
  return {
    api,
    async endpoints(count, fields = {}) {
      let left = count;
      const lane = async (): Promise<void> => {
        while (left-- > 0) await api.post('/v1/endpoints', { url: receiver.url('/hook'), ...fields }, created);
      };
      await Promise.all(Array.from({ length: createdAtOnce }, lane));
    },
    async publish(bytes) {
      await client.publish({ type: 'order.paid', data: { text: 'x'.repeat(bytes) } });
    },
    requests: () => cameAtMs.length,
    cameAtMs,
    answer: (next) => void (status = next),
    async close() {
      client.close();
      await receiver.close();
    },
  };
};
