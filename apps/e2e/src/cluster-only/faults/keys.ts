import { setTimeout as sleep } from 'node:timers/promises';
import { BellwireError, type BellwireClient } from '@bellwire/client';
import type { Intents } from '../../ledger/intents.ts';
import type { Outcome } from '../../ledger/outcome.ts';
import { playCase } from '../../ledger/play.ts';
import type { Mix } from '../../ledger/speeds.ts';
import type { Target } from '../../target/start-target.ts';
import { startExtra } from './extra-process.ts';
import { endProcesses } from './processes.ts';

export interface KeysOptions {
  keys: number;
  /** Calls with each key at once, spread over two ingestion processes. */
  callers: number;
  mix: Mix;
  /** With keys of their own, before. */
  events: number;
}

/** What came of all calls with one key. */
interface KeyCalls {
  ids: Set<string>;
  bodies: Set<number>;
  conflicts: number;
}

const retryAfterMs = 100;
/** Every tenth key is used with two bodies. */
const twoBodiesEvery = 10;

interface Caller {
  client: BellwireClient;
  intents: Intents;
  /** Which key, and which of its bodies. */
  key: number;
  body: number;
  calls: KeyCalls;
}

/** Again until it is acknowledged, or refused because the key has another body. */
const insist = async ({ client, intents, key, body, calls }: Caller): Promise<void> => {
  const data = { key, body };
  intents.intend(data);
  for (;;) {
    try {
      const { eventId } = await client.publish({ type: 'order.paid', data, idempotencyKey: `key-${key}` });
      intents.acknowledge(data, eventId);
      calls.ids.add(eventId);
      calls.bodies.add(body);
      return;
    } catch (error) {
      if (error instanceof BellwireError && error.reason === 'IDEMPOTENCY_KEY_REUSED') {
        calls.conflicts++;
        return;
      }
    }
    await sleep(retryAfterMs);
  }
};

const problemsOf = (all: readonly KeyCalls[]): readonly string[] => {
  const several = all.filter(({ ids }) => ids.size !== 1).length;
  const both = all.filter(({ bodies }) => bodies.size !== 1).length;
  const unrefused = all.filter(({ conflicts }, key) => conflicts === 0 && key % twoBodiesEvery === 0).length;
  return [
    ...(several > 0 ? [`${several} keys have more than one event id, or none`] : []),
    ...(both > 0 ? [`of ${both} keys two bodies were accepted, or none`] : []),
    ...(unrefused > 0 ? [`${unrefused} keys took another body`] : []),
  ];
};

/** Many calls with the same keys over two ingestion processes, of which one is killed and then ended in order. */
export const keysRun = async (cluster: Target, { keys, callers, ...plan }: KeysOptions): Promise<Outcome> => {
  const second = await startExtra(cluster, 'ingestion');
  try {
    return await playCase(cluster, {
      ids: 'F22',
      title: 'the same keys',
      ...plan,
      fault: async (run) => {
        const sinceMs = Date.now();
        const clients = [run.client, run.connect(second.address)];
        const all = Array.from({ length: keys }, (): KeyCalls => ({ ids: new Set(), bodies: new Set(), conflicts: 0 }));
        const call = (key: number, caller: number): Promise<void> => {
          const client = clients[caller % clients.length] ?? run.client;
          const body = key % twoBodiesEvery === 0 ? caller % 2 : 0;
          const calls = all[key] ?? { ids: new Set(), bodies: new Set(), conflicts: 0 };
          return insist({ client, intents: run.intents, key, body, calls });
        };
        const round = async (): Promise<void> => {
          for (let key = 0; key < keys; key++) {
            await Promise.all(Array.from({ length: callers }, (_, caller) => call(key, caller)));
          }
        };
        const rounds = (async () => {
          for (let n = 0; n < 3; n++) await round();
        })();
        for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
          await sleep(retryAfterMs * 5);
          await endProcesses(cluster, ['ingestion'], signal);
        }
        await rounds;
        // The same calls once more, when both have been started anew.
        await round();
        return {
          sinceMs,
          bound: 0,
          figures: {
            keys,
            calls: keys * callers * 4,
            conflicts: all.reduce((sum, { conflicts }) => sum + conflicts, 0),
          },
          problems: problemsOf(all),
        };
      },
    });
  } finally {
    await second.leave();
  }
};
