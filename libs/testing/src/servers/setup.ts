import { useServers } from './shared-servers.ts';

/** For jest's globalSetup: afterwards BELLWIRE_TEST_DATABASE_URL and BELLWIRE_TEST_KAFKA_BROKERS are set. */
export default useServers;
