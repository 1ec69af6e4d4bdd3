import http from 'node:http';
import { BellwireError, connectBellwire, type OutgoingEvent } from '@bellwire/client';
import { z } from 'zod';
import type { PublishMode, PublishOrder } from './generator-protocol.ts';

/** One way of publishing. */
export interface Publisher {
  /** Events of one call. */
  readonly perCall: number;
  /** Calls in flight. */
  readonly lanes: number;
  /** Ids in order; an Error for each event that was refused. */
  publish(events: readonly OutgoingEvent[]): Promise<readonly (string | Error)[]>;
  close(): Promise<void>;
}

type Target = Pick<PublishOrder, 'ingestion' | 'rest' | 'key'>;

const inFlight = 64;

/** For a publish that carries one event. */
const single =
  (publish: (event: OutgoingEvent) => Promise<string>): Publisher['publish'] =>
  (events) =>
    Promise.all(events.map((event) => publish(event).catch((error: unknown) => new Error(String(error)))));

const openStream = ({ ingestion, key }: Target): Publisher => {
  const client = connectBellwire({ address: ingestion, key, timeoutMs: 60_000 });
  const stream = client.openStream();
  return {
    perCall: 1,
    lanes: inFlight,
    publish: single(async (event) => (await stream.publish(event)).eventId),
    close: async () => {
      await stream.close();
      client.close();
    },
  };
};

const openUnary = ({ ingestion, key }: Target): Publisher => {
  const client = connectBellwire({ address: ingestion, key, timeoutMs: 60_000 });
  return {
    perCall: 1,
    lanes: inFlight,
    publish: single(async (event) => (await client.publish(event)).eventId),
    close: async () => client.close(),
  };
};

const openBatch = ({ ingestion, key }: Target): Publisher => {
  const client = connectBellwire({ address: ingestion, key, timeoutMs: 60_000 });
  return {
    perCall: 50,
    lanes: 4,
    publish: async (events) => {
      try {
        const results = await client.publishBatch(events);
        return results.map((result) => (result instanceof BellwireError ? result : result.eventId));
      } catch (error) {
        return events.map(() => new Error(String(error)));
      }
    },
    close: async () => client.close(),
  };
};

const answerSchema = z.object({ id: z.string() });

const postEvent = (target: Target, agent: http.Agent, event: OutgoingEvent): Promise<string> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify({ type: event.type, data: event.data });
    const headers = {
      authorization: `Bearer ${target.key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const request = http.request(`${target.rest}/v1/events`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 202) resolve(answerSchema.parse(JSON.parse(text)).id);
        else reject(new Error(`POST /v1/events answered ${response.statusCode}: ${text}`));
      });
    });
    request.on('error', reject);
    request.end(body);
  });

const openRest = (target: Target): Publisher => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: inFlight });
  return {
    perCall: 1,
    lanes: inFlight,
    publish: single((event) => postEvent(target, agent, event)),
    close: async () => agent.destroy(),
  };
};

const openers: Record<PublishMode, (target: Target) => Publisher> = {
  stream: openStream,
  unary: openUnary,
  batch: openBatch,
  rest: openRest,
};

export const openPublisher = (mode: PublishMode, target: Target): Publisher => openers[mode](target);
