import { describe, expect, test } from '@jest/globals';
import type { ProducerBatch } from 'kafkajs';
import { openWriter } from './writer.ts';

interface Sent {
  keys: string[];
  producer: number;
}

/** A broker that refuses every request with a record of that key; and what each producer has sent. */
const refusing = (badKey: string, type: string) => {
  const sent: Sent[] = [];
  let producers = 0;
  let end = 0;
  const producer = () => {
    const number = ++producers;
    return {
      connect: async () => undefined,
      disconnect: async () => undefined,
      sendBatch: async ({ topicMessages = [] }: ProducerBatch) => {
        const keys = topicMessages.flatMap(({ messages }) => messages.map(({ key }) => String(key)));
        sent.push({ keys, producer: number });
        if (keys.includes(badKey)) throw Object.assign(new Error('refused'), { type });
        const baseOffset = String(end);
        end += keys.length;
        return [{ topicName: 't', partition: 0, errorCode: 0, baseOffset }];
      },
    };
  };
  return { client: { producer }, sent };
};

const open = (client: ReturnType<typeof refusing>['client']) =>
  openWriter({ client, partitions: async () => 1, nameInKafka: (topic) => topic, limitMs: 2000 });
const record = (key: string) => ({ topic: 't', key, value: Buffer.from(key) });

describe('a request that the broker refuses because of a record', () => {
  test.each([
    ['MESSAGE_TOO_LARGE', 'RECORD_TOO_LARGE'],
    ['RECORD_LIST_TOO_LARGE', 'RECORD_TOO_LARGE'],
    ['INVALID_RECORD', 'RECORD_REFUSED'],
  ])('for %s fails the call with that record, and no other', async (type, reason) => {
    const { client, sent } = refusing('bad', type);
    const writer = open(client);
    const calls = [['a'], ['b', 'c'], ['d', 'bad'], ['e'], ['f']];
    const answers = await Promise.allSettled(calls.map((keys) => writer.write(keys.map(record))));
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? 'taken' : answer.reason.reason))).toEqual([
      'taken',
      'taken',
      reason,
      'taken',
      'taken',
    ]);
    const taken = sent.filter(({ keys }) => !keys.includes('bad')).flatMap(({ keys }) => keys);
    expect(taken).toEqual(['a', 'b', 'c', 'e', 'f']);
    // A producer that has failed is not used again.
    const failed = sent.filter(({ keys }) => keys.includes('bad')).map(({ producer }) => producer);
    expect(new Set(failed).size).toBe(failed.length);
    await writer.close();
  });

  test('for anything else fails all of its calls, at once', async () => {
    const { client, sent } = refusing('bad', 'NOT_LEADER_FOR_PARTITION');
    const writer = open(client);
    const answers = await Promise.allSettled([writer.write([record('a')]), writer.write([record('bad')])]);
    expect(answers).toMatchObject([
      { reason: { reason: 'LOG_UNAVAILABLE' } },
      { reason: { reason: 'LOG_UNAVAILABLE' } },
    ]);
    expect(sent).toHaveLength(1);
    await writer.close();
  });
});
