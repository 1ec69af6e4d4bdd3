import { releasePostgres } from './shared-postgres.ts';

/** For jest's globalTeardown. */
export default releasePostgres;
