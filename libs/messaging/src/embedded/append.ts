import type { LogRecord, NewRecord, Position } from '../log.ts';
import type { Partition } from './partition.ts';
import { appendSql } from './schema.ts';

/** A record and where it goes. */
export interface Placed {
  record: NewRecord;
  partition: Partition;
}

/** A query as pg takes it; the client's only job here. */
export interface Query {
  name: string;
  text: string;
  values: unknown[];
}

/** What the statement answers for each of its partitions: the offset of the first record. */
export interface AppendRow {
  slot: number;
  base: string;
}

/** Several calls of produce() laid out as one statement. */
export interface Append {
  query: Query;
  /** What the statement's answer means: the records of each partition and the position of every record, in order. */
  placed(rows: readonly AppendRow[]): {
    byPartition: Map<Partition, LogRecord[]>;
    positions: Position[];
  };
}

const headersText = (headers: NewRecord['headers']): string | null => {
  if (headers === undefined) return null;
  for (const _ in headers) return JSON.stringify(headers);
  return null;
};

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** One writer has one statement in flight at a time, so the counters' row locks cannot deadlock, in whatever order. */
export const layOut = (placed: readonly Placed[], timestampMs: number, ranMs: number): Append => {
  const slots = new Map<Partition, { slot: number; count: number }>();
  const slot: number[] = [];
  const nth: number[] = [];
  const position: number[] = [];
  const length: number[] = [];
  const values: Uint8Array[] = [];
  let at = 1;
  for (const { record, partition } of placed) {
    let own = slots.get(partition);
    if (own === undefined) slots.set(partition, (own = { slot: slots.size + 1, count: 0 }));
    slot.push(own.slot);
    nth.push(own.count++);
    position.push(at);
    length.push(record.value?.length ?? -1);
    if (record.value === null) continue;
    values.push(record.value);
    at += record.value.length;
  }
  const partitions = [...slots.keys()];
  const query: Query = {
    name: 'append',
    text: appendSql,
    values: [
      partitions.map((partition) => partition.topic),
      partitions.map((partition) => partition.partition),
      [...slots.values()].map((own) => own.count),
      Buffer.concat(values),
      timestampMs,
      slot,
      nth,
      position,
      length,
      placed.map(({ record }) => record.key ?? ''),
      placed.map(({ record }) => headersText(record.headers)),
      ranMs,
    ],
  };

  return {
    query,
    placed(rows) {
      const bases = new Map(rows.map((row) => [row.slot, Number(row.base)]));
      const byPartition = new Map<Partition, LogRecord[]>();
      const positions: Position[] = [];
      for (const [index, { record, partition }] of placed.entries()) {
        const base = bases.get(slot[index] ?? 0);
        if (base === undefined)
          throw new Error(`partition ${partition.partition} of topic "${partition.topic}" is gone`);
        const { topic, partition: number } = partition;
        const offset = base + (nth[index] ?? 0);
        positions.push({ topic, partition: number, offset });
        let list = byPartition.get(partition);
        if (list === undefined) byPartition.set(partition, (list = []));
        const { key = '', value, headers = noHeaders } = record;
        list.push({ topic, partition: number, offset, key, value, headers, timestampMs });
      }
      return { byPartition, positions };
    },
  };
};
