import type { TopicSpec } from './log.ts';

/**
 * Which partition a key belongs to: as Kafka's own clients have it, so that the adapters agree.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 and BuiltInPartitioner.partitionForKey.
 */
export const partitionOf = (key: string, partitions: number): number =>
  partitions === 1 ? 0 : (murmur2(Buffer.from(key, 'utf8')) & 0x7fff_ffff) % partitions;

/**
 * Partitions for the calls of one writer: by key, and without one the same for all records of a call and the next for the
 * next call. Few large writes cost a log less than many small ones.
 */
export const newPlacing = () => {
  let call = 0;
  return () => {
    const turn = call++;
    return (key: string | undefined, partitions: number): number =>
      key === undefined ? turn % partitions : partitionOf(key, partitions);
  };
};

/** Where the records of one call go. */
export type PlaceRecord = ReturnType<ReturnType<typeof newPlacing>>;

const factor = 0x5bd1_e995;

/** Kafka's murmur2 of bytes: a signed 32-bit integer. */
export const murmur2 = (bytes: Buffer): number => {
  const whole = bytes.length & ~3;
  let hash = 0x9747_b28c ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), factor);
    word = Math.imul(word ^ (word >>> 24), factor);
    hash = Math.imul(hash, factor) ^ word;
  }
  const rest = bytes.length - whole;
  if (rest > 0) hash = Math.imul(hash ^ bytes.readUIntLE(whole, rest), factor);
  hash = Math.imul(hash ^ (hash >>> 13), factor);
  return hash ^ (hash >>> 15);
};

/** What to say where a topic has another number of partitions than is asked for: the same for every adapter. */
export const partitionsDiffer = (spec: TopicSpec, existing: number): Error =>
  new Error(
    `Topic "${spec.name}" has ${existing} partitions and ${spec.partitions} are asked for. The number cannot change: ` +
      'keys would move to other partitions. Ask for the old number (BELLWIRE_PARTITIONS), or start with an empty log.',
  );
