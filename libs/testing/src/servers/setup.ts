import { usePostgres } from './shared-postgres.ts';

/** For jest's globalSetup: afterwards BELLWIRE_TEST_DATABASE_URL is set. */
export default usePostgres;
