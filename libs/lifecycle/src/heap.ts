import { setFlagsFromString } from 'node:v8';

/**
 * Lets the heap grow to three times what is in use before all of it is collected. What waits for a while, as deliveries
 * and records do, leaves garbage that only a full collection finds; by default one began every second beside a backlog, and
 * each stops the process for 10 to 20 ms. The limit of the heap holds as before.
 * https://nodejs.org/api/v8.html#v8setflagsfromstringflags: may be set at any time, for V8 reads it at each collection.
 */
export const collectLessOften = (): void => setFlagsFromString('--heap-growing-percent=200');
