import { chooseKafka, type KafkaFacts, type KafkaSource } from './choose-kafka.ts';
import { openContainerKafka } from './containers/container-kafka.ts';
import { dockerProblem } from './containers/docker.ts';
import { localKafkaProblem, openLocalKafka, type LocalKafka, type LocalKafkaOptions } from './local-kafka.ts';

export interface KafkaOptions extends LocalKafkaOptions {
  /** Addresses from a setting; empty when it is not set. */
  givenBrokers: readonly string[];
  /** The setting's name, for the sentence. @default BELLWIRE_KAFKA_BROKERS */
  variable?: string;
}

export interface Kafka {
  source: KafkaSource['kind'];
  brokers: readonly string[];
  /** The broker of our own, where it is one: it can be opened again when it has ended. */
  local?: LocalKafka;
  /** Stops what was started; addresses given are left alone. */
  close(): Promise<void>;
}

/** Looks around; not where addresses are given. */
const kafkaFacts = async ({ givenBrokers, variable, cacheDir }: KafkaOptions): Promise<KafkaFacts> => {
  const isGiven = givenBrokers.length > 0;
  const [docker, local] = isGiven ? [] : await Promise.all([dockerProblem(), localKafkaProblem(cacheDir)]);
  return { givenBrokers, variable, dockerProblem: docker, localProblem: local };
};

/**
 * Finds or starts a Kafka: addresses given, a container, Apache Kafka's own jars.
 *
 * @throws {Error} a sentence with the reason against each, or what the one that was chosen said.
 */
export const openKafka = async (options: KafkaOptions): Promise<Kafka> => {
  const source = chooseKafka(await kafkaFacts(options));
  switch (source.kind) {
    case 'given':
      return { source: source.kind, brokers: source.brokers, close: async () => undefined };
    case 'container':
      return { source: source.kind, ...(await openContainerKafka(options.log ?? (() => undefined))) };
    case 'local': {
      const local = await openLocalKafka(options);
      return { source: source.kind, brokers: local.brokers, local, close: local.close };
    }
  }
};
