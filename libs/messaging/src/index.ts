// The log that services speak to each other over: the port, its adapters, and what every consumer needs above it.
// The conformance suite is not among the exports: it needs jest. Adapters import it by its path.
export type {
  Commit,
  ConsumeOptions,
  ConsumerHandlers,
  Log,
  LogRecord,
  NewRecord,
  Position,
  Reader,
  ReadOptions,
  Subscription,
  TopicPartition,
  TopicSpec,
} from './log.ts';
export { fitsRecord, isRefused, maxRecordBytes, sizeOfRecord } from './record-limits.ts';
export {
  defaultRetention,
  groupNames,
  topicNames,
  topicSpecs,
  type TopicRetention,
  type TopicSettings,
} from './topics.ts';
export { endsBefore, type DroppedRecords } from './dropped-records.ts';
export { partitionOf } from './partitioner.ts';
export { contextOfHeaders, traceHeaders } from './trace-headers.ts';
export { readMetadata, type CommitMetadata } from './settlement/commit-metadata.ts';
export { eachTask } from './settlement/each-task.ts';
export type { PutAside } from './settlement/put-aside-letter.ts';
export type { Task } from './settlement/task.ts';
export { readUnsettled, type ReadUnsettledOptions } from './read-unsettled.ts';
export { startWorker, type Worker, type WorkerOptions, type WorkerStats } from './settlement.ts';
export { batchingProducer, type BatchingProducer, type BatchingProducerOptions } from './batching-producer.ts';
export { followCompacted, type CompactedView, type CompactedViewOptions } from './compacted-view.ts';
export { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from './embedded/embedded-log.ts';
export { openKafkaLog, type KafkaLogOptions } from './kafka/kafka-log.ts';
export type { KafkaSasl, KafkaTls } from './kafka/client.ts';
export {
  simulatedLog,
  type SimulatedFaults,
  type SimulatedLog,
  type SimulatedLogOptions,
} from './simulated/simulated-log.ts';
