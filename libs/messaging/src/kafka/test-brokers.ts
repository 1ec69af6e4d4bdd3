/** The Kafka of the test run; jest's globalSetup names it. */
export const testBrokers = (): readonly string[] => {
  const given = process.env['BELLWIRE_TEST_KAFKA_BROKERS'];
  if (given === undefined) throw new Error('BELLWIRE_TEST_KAFKA_BROKERS names no broker');
  return given.split(',');
};
