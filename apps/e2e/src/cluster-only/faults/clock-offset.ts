// Loaded into one process with --import: its clock is off by so many milliseconds as the file named in CLOCK_OFFSET_FILE says
// at the moment. What measures durations (performance, timers) stays right, as it does where a real clock is set.
import { readFileSync } from 'node:fs';

const everyMs = 50;
const file = process.env['CLOCK_OFFSET_FILE'] ?? '';
const rightNow = Date.now;
let offsetMs = 0;
setInterval(() => {
  offsetMs = Number(readFileSync(file, 'utf8'));
}, everyMs).unref();

const now = (): number => rightNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (real, given: unknown[]) => Reflect.construct(real, given.length === 0 ? [now()] : given),
  get: (real, name) => (name === 'now' ? now : Reflect.get(real, name)),
});
