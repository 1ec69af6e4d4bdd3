import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { connectBellwire } from '@bellwire/client';
import type { Receiver } from '@bellwire/testing';
import { z } from 'zod';
import { createdEndpoint, newTenant } from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

// Every example payload that the five documents print, by document and event type; the data as it is printed there.
const payloads = z
  .array(z.object({ document: z.string(), type: z.string(), data: z.string() }))
  .parse(JSON.parse(readFileSync(new URL('payloads.json', import.meta.url), 'utf8')));

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

/** None of the documents' strings holds white space that a parser could change, so this is what minified means here. */
const minified = (text: string): string =>
  text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_whole, kept: string) => kept ?? '');

describe('the payloads of the five documents', () => {
  test('arrive once each, with the bytes that were published', async () => {
    const { key, api } = await newTenant(suite.rest, suite.adminKey);
    await api.post('/v1/endpoints', { url: receiver.url('/hook') }, createdEndpoint);
    const client = connectBellwire({ address: suite.grpc.ingestion, key });
    const ids = new Map<string, string>();
    for (const { type, data } of payloads) {
      const { eventId } = await client.publish({ type, dataText: data });
      ids.set(eventId, minified(data));
    }
    client.close();
    await receiver.received(payloads.length);
    const arrived = receiver.requests.map(({ headers, body }) => {
      const [, data] = /"data":([^]*)\}$/.exec(body.toString()) ?? [];
      return [String(headers['webhook-id']), data];
    });
    expect(arrived).toHaveLength(payloads.length);
    expect(Object.fromEntries(arrived)).toEqual(Object.fromEntries(ids));
    expect(payloads.length).toBeGreaterThanOrEqual(26);
  });
});
