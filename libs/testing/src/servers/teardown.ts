import { releaseServers } from './shared-servers.ts';

/** For jest's globalTeardown. */
export default releaseServers;
