import { describe, expect, test } from '@jest/globals';
import { chooseKafka } from './choose-kafka.ts';

const nothing = {
  givenBrokers: [],
  dockerProblem: 'no container engine answers',
  localProblem: 'java cannot be run',
};

describe('choosing a Kafka', () => {
  test('addresses given in the environment win', () => {
    const facts = { givenBrokers: ['kafka-0:9092'], dockerProblem: undefined, localProblem: undefined };
    expect(chooseKafka(facts)).toEqual({ kind: 'given', brokers: ['kafka-0:9092'] });
  });

  test('a container comes before local programs', () => {
    expect(chooseKafka({ ...nothing, dockerProblem: undefined, localProblem: undefined })).toEqual({
      kind: 'container',
    });
  });

  test("Kafka's own jars are used where no containers run", () => {
    expect(chooseKafka({ ...nothing, localProblem: undefined })).toEqual({ kind: 'local' });
  });

  test('nothing there is one sentence with every reason', () => {
    expect(() => chooseKafka(nothing)).toThrow(
      'There is no Kafka to use: BELLWIRE_KAFKA_BROKERS is not set; no container engine answers; java cannot be run.',
    );
    expect(() => chooseKafka({ ...nothing, variable: 'BELLWIRE_TEST_KAFKA_BROKERS' })).toThrow(
      'BELLWIRE_TEST_KAFKA_BROKERS is not set',
    );
  });
});
