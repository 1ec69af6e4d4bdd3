/** In the data of an event: its deliveries end the process that sends them. */
export const crashMarker = 'poison-that-ends-the-process';
/** Their sending throws. */
export const bugMarker = 'poison-that-throws';

const hook = new URL('hook.ts', import.meta.url).href;

/** Makes a process that is started with it sensitive to both. */
export const poisonEnv = { NODE_OPTIONS: `--import=${hook}` };
