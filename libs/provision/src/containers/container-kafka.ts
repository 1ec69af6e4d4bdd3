/** Apache Kafka 4.1. */
const image = 'confluentinc/cp-kafka:8.1.0';

export interface ContainerKafka {
  brokers: readonly string[];
  close(): Promise<void>;
}

/** A broker in a container of its own; its records go with it. testcontainers removes what a killed process leaves. */
export const openContainerKafka = async (log: (sentence: string) => void): Promise<ContainerKafka> => {
  // Loaded only where it is used: it takes most of a second.
  const { KafkaContainer } = await import('@testcontainers/kafka');
  log(`Starting ${image} in a container.`);
  const container = await new KafkaContainer(image)
    .withKraft()
    .withEnvironment({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '500',
    })
    .start();
  return {
    brokers: [`${container.getHost()}:${container.getMappedPort(9093)}`],
    close: async () => void (await container.stop()),
  };
};
