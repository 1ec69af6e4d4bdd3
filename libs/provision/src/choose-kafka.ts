import { firstOf, type Candidate } from './choose.ts';

/** What was found out about this machine, before anything is opened. */
export interface KafkaFacts {
  /** Addresses from a setting; none when it is not set. */
  givenBrokers: readonly string[];
  /** Its name, for the sentence. @default BELLWIRE_KAFKA_BROKERS */
  variable?: string;
  /** Why no container can be started, as a clause; undefined when one can. */
  dockerProblem: string | undefined;
  /** Why Kafka's own jars cannot be run, as a clause; undefined when they can. */
  localProblem: string | undefined;
}

export type KafkaSource = { kind: 'given'; brokers: readonly string[] } | { kind: 'container' } | { kind: 'local' };

type KafkaCandidate = Candidate<KafkaFacts, KafkaSource>;

const given: KafkaCandidate = ({ givenBrokers, variable = 'BELLWIRE_KAFKA_BROKERS' }) =>
  givenBrokers.length === 0 ? `${variable} is not set` : { kind: 'given', brokers: givenBrokers };

const container: KafkaCandidate = ({ dockerProblem }) => dockerProblem ?? { kind: 'container' };

const local: KafkaCandidate = ({ localProblem }) => localProblem ?? { kind: 'local' };

/**
 * Which Kafka is used: that of the addresses given, a container, or Apache Kafka's own jars.
 *
 * @throws {Error} a sentence with the reason against each, when there is none.
 */
export const chooseKafka = (facts: KafkaFacts): KafkaSource =>
  firstOf<KafkaFacts, KafkaSource>('Kafka', [given, container, local], facts);
