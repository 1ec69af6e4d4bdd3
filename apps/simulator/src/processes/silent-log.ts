import { openLogger } from '@bellwire/lifecycle';

/** What the processes would log: the trace of the run says more. */
export const silentLog = openLogger({ level: 'silent' });
