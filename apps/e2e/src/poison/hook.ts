// Loaded into a process under test before it starts (poison.ts says how): who signs a body that names one of these ends the
// process as the system ends one without memory, or throws as a bug does.
import { Hmac } from 'node:crypto';
import { bugMarker, crashMarker } from './markers.ts';

const update = Object.getOwnPropertyDescriptor(Hmac.prototype, 'update');

const look = (piece: unknown): void => {
  const bytes = typeof piece === 'string' || piece instanceof Uint8Array ? Buffer.from(piece) : Buffer.alloc(0);
  if (bytes.includes(crashMarker)) process.kill(process.pid, 'SIGKILL');
  if (bytes.includes(bugMarker)) throw new Error('a bug of ours');
};

Object.defineProperty(Hmac.prototype, 'update', {
  ...update,
  value(this: Hmac, ...given: unknown[]): unknown {
    look(given[0]);
    return Reflect.apply(update?.value, this, given);
  },
});
