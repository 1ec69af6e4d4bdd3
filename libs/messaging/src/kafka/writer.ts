import { Fault } from '@bellwire/errors';
import type { Kafka, Producer } from 'kafkajs';
import type { NewRecord, Position } from '../log.ts';
import { newPlacing } from '../partitioner.ts';
import { toLogFault, unavailable, within } from './faults.ts';
import { gather, messagesByTopic, place, type Call, type Entry } from './requests.ts';

export interface WriterOptions {
  client: Kafka;
  partitions: (topic: string) => Promise<number>;
  /** A name of ours to its name in Kafka. */
  nameInKafka: (topic: string) => string;
  /** The largest record, with its overhead, in bytes. */
  maxRecordBytes: number;
  /** After so long a call is rejected, whatever becomes of it. */
  limitMs: number;
}

/** One write in flight, the next gathers: so order holds per key, and many small calls are few requests. */
export interface Writer {
  connect(): Promise<void>;
  write(records: readonly NewRecord[]): Promise<readonly Position[]>;
  /** Refuses new calls; resolves when the old have ended. */
  close(): Promise<void>;
}

/** A producer of kafkajs, and after a failure the next. */
const openSender = ({ client, nameInKafka, limitMs }: WriterOptions) => {
  const newProducer = (): Producer =>
    client.producer({
      // The broker drops what a retry after a lost connection sends twice; measured, it costs nothing.
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  let producer = newProducer();
  let connected: Promise<void> | undefined;

  const connect = (): Promise<void> =>
    (connected ??= producer.connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    }));

  return {
    connect,
    async send(entries: readonly Entry[]): Promise<void> {
      const messages = messagesByTopic(entries);
      await connect();
      const answers = await producer.sendBatch({
        acks: -1,
        timeout: limitMs,
        topicMessages: [...messages].map(([topic, list]) => ({ topic: nameInKafka(topic), messages: list })),
      });
      const next = new Map(answers.map((a) => [`${a.topicName}\n${a.partition}`, Number(a.baseOffset)]));
      for (const { call, index, placed } of entries) {
        const { topic } = placed.record;
        const name = `${nameInKafka(topic)}\n${placed.partition}`;
        const offset = next.get(name);
        if (offset === undefined) throw new Error(`no answer for partition ${placed.partition} of "${topic}"`);
        next.set(name, offset + 1);
        call.positions[index] = { topic, partition: placed.partition, offset };
      }
    },
    /**
     * kafkajs takes the sequence numbers of a failed write for the next one, which the broker would then take for a
     * repetition and drop, with a friendly answer. So a producer that has failed is not used again.
     */
    replace(): void {
      const old = producer;
      producer = newProducer();
      connected = undefined;
      void within(limitMs, old.disconnect(), 'disconnecting').catch(() => undefined);
    },
    close: () => within(limitMs, producer.disconnect(), 'disconnecting').catch(() => undefined),
  };
};

export const openWriter = (options: WriterOptions): Writer => {
  const { partitions, maxRecordBytes, limitMs } = options;
  const sender = openSender(options);
  const queue: Call[] = [];
  const nextPlacing = newPlacing();
  let working: Promise<void> | undefined;
  let closed = false;

  const placeAll = async (): Promise<void> => {
    const waiting = queue.filter((call) => !call.ended && call.placed === undefined);
    for (const call of waiting) {
      try {
        const counts = new Map<string, number>();
        for (const { topic } of call.records) if (!counts.has(topic)) counts.set(topic, await partitions(topic));
        call.placed = place(call.records, counts, maxRecordBytes, nextPlacing());
      } catch (error) {
        call.reject(error);
      }
    }
  };

  const work = async (): Promise<void> => {
    // Callers in the same turn of the event loop share the first request.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      await placeAll();
      const entries = gather(queue);
      if (entries.length === 0) continue;
      const calls = new Set(entries.map(({ call }) => call));
      try {
        await sender.send(entries);
        for (const call of calls) if (call.taken === call.records.length) call.resolve(call.positions);
      } catch (error) {
        sender.replace();
        for (const call of calls) call.reject(toLogFault(error));
      }
    }
    working = undefined;
  };

  const enqueue = (records: readonly NewRecord[]): Promise<readonly Position[]> =>
    new Promise((resolve, reject) => {
      const finish = (): void => {
        call.ended = true;
        clearTimeout(timer);
      };
      const call: Call = {
        records,
        placed: undefined,
        positions: [],
        taken: 0,
        ended: false,
        resolve: (positions) => (finish(), resolve(positions)),
        reject: (error) => (finish(), reject(error)),
      };
      const timer = setTimeout(() => call.reject(unavailable(new Error(`not written within ${limitMs} ms`))), limitMs);
      queue.push(call);
      working ??= work();
    });

  return {
    connect: () => within(limitMs, sender.connect(), 'connecting'),
    async write(records) {
      if (closed) throw new Fault('STOPPING', 'The log is closing.');
      return records.length === 0 ? [] : enqueue(records);
    },
    async close() {
      closed = true;
      await within(limitMs, working ?? Promise.resolve(), 'the last write').catch(() => undefined);
      await sender.close();
    },
  };
};
