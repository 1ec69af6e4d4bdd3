export {
  openEmbeddedPostgres,
  stopLeftoverPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './embedded-postgres.ts';
export {
  localKafkaProblem,
  openLocalKafka,
  stopLeftoverKafka,
  type LocalKafka,
  type LocalKafkaOptions,
} from './local-kafka.ts';
export { openKafka, type Kafka, type KafkaOptions } from './open-kafka.ts';
export { openPostgres, type Postgres, type PostgresOptions } from './open-postgres.ts';
export { planKafkaNodes } from './kafka/nodes.ts';
export type { KafkaNode, KafkaSettings } from './kafka/properties.ts';
export { dockerProblem } from './containers/docker.ts';
export { holdDataFolder, type HeldFolder } from './hold-data-folder.ts';
export { embeddedPostgresProblem } from './postgres/binaries.ts';
export { chooseKafka, type KafkaFacts, type KafkaSource } from './choose-kafka.ts';
export { choosePostgres, type PostgresFacts, type PostgresSource } from './choose-postgres.ts';
