import { Fault } from '@bellwire/errors';
import type { Producer, ProducerConfig } from 'kafkajs';
import type { NewRecord, Position } from '../log.ts';
import { newPlacing } from '../partitioner.ts';
import { writeApart } from '../record-limits.ts';
import { toLogFault, unavailable, within } from './faults.ts';
import { gather, messagesByTopic, place, type Call, type Entry } from './requests.ts';

/** As far as a writer uses it. */
type Sender = Pick<Producer, 'connect' | 'sendBatch' | 'disconnect'>;

export interface WriterOptions {
  client: { producer(config: ProducerConfig): Sender };
  partitions: (topic: string) => Promise<number>;
  /** A name of ours to its name in Kafka. */
  nameInKafka: (topic: string) => string;
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
  const newProducer = (): Sender =>
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

/** What one call has in a request. */
interface Part {
  call: Call;
  entries: readonly Entry[];
  reject(error: unknown): void;
}

const partsOf = (entries: readonly Entry[]): Part[] =>
  [...Map.groupBy(entries, ({ call }) => call)].map(([call, own]) => ({
    call,
    entries: own,
    reject: (error) => call.reject(error),
  }));

export const openWriter = (options: WriterOptions): Writer => {
  const { partitions, limitMs } = options;
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
        call.placed = place(call.records, counts, nextPlacing());
      } catch (error) {
        call.reject(error);
      }
    }
  };

  /** One request; a producer that has failed is not used again. */
  const send = async (parts: readonly Part[]): Promise<void> => {
    const open = parts.filter(({ call }) => !call.ended);
    if (open.length === 0) return;
    try {
      await sender.send(open.flatMap(({ entries }) => entries));
    } catch (error) {
      sender.replace();
      throw toLogFault(error);
    }
    for (const { call } of open) if (call.taken === call.records.length) call.resolve(call.positions);
  };

  const work = async (): Promise<void> => {
    // Callers in the same turn of the event loop share the first request.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      await placeAll();
      await writeApart(partsOf(gather(queue)), send);
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
