// Kills the suite in the middle of its work, again and again, and prints what was lost and repeated: npm run faults.
import { parseArgs } from 'node:util';
import { killRun } from './kill-run.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    events: { type: 'string', default: '5000' },
    endpoints: { type: 'string', default: '20' },
  },
});

let failures = 0;
for (let round = 1; round <= Number(values.rounds); round++) {
  const result = await killRun({ events: Number(values.events), endpoints: Number(values.endpoints) });
  if (result.lost > 0 || result.duplicates > result.maxInFlight) failures++;
  console.log(
    `round ${round}: ${Object.entries(result)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
}
console.log(failures === 0 ? 'nothing lost, duplicates within what was in flight' : `${failures} rounds failed`);
process.exit(failures === 0 ? 0 : 1);
