// The process that evaluates templates, one at a time. Its parent may kill it at any moment.
import { makeEvaluate, type Rendered } from './evaluate.ts';
import { isJob, ready } from './messages.ts';

const evaluate = makeEvaluate();
const answer = (message: Rendered | typeof ready): void => {
  process.send?.(message);
};

process.on('disconnect', () => process.exit());
process.on('message', (message: unknown) => {
  if (isJob(message)) void evaluate(message).then(answer);
});
answer(ready);
