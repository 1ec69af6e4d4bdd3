import jsonata from 'jsonata';
import { templateLimits } from './limits.ts';
import { sentenceOf } from './sentence.ts';

/** One rendering, as a process gets it. */
export interface Job {
  readonly expression: string;
  /** JSON text. */
  readonly body: string;
  /** The expression's `$event_type`: not every dialect has it in the body. */
  readonly eventType: string;
}

/** The new body, minified; or why there is none, as a sentence for the author of the template. */
export type Rendered = { readonly body: string } | { readonly failure: string };

const compiledKept = 100;
/** The parent keeps the time; the time-out here is for a loop whose parent is gone. */
const guards = {
  stack: templateLimits.depth,
  sequence: templateLimits.listEntries,
  timeout: 4 * templateLimits.timeMs,
};

type Compile = (expression: string) => jsonata.Expression;

/** Keeps what was compiled last. An evaluation keeps nothing in what it is compiled to. */
const makeCompile = (): Compile => {
  const known = new Map<string, jsonata.Expression>();
  return (expression) => {
    const compiled = known.get(expression) ?? jsonata(expression, guards);
    known.delete(expression);
    known.set(expression, compiled);
    const [oldest] = known.keys();
    if (known.size > compiledKept && oldest !== undefined) known.delete(oldest);
    return compiled;
  };
};

const isFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' &&
    value !== null &&
    (Object.hasOwn(value, '_jsonata_lambda') || Object.hasOwn(value, '_jsonata_function')));

/** JSON would leave a function out, and write a number that is not finite as null. */
const refuseNonJson = (name: string, value: unknown): unknown => {
  if (isFunction(value)) throw new Error(`${name} is a function`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${name} is not a finite number`);
  return value;
};

/**
 * Evaluates expressions. It can neither be stopped nor be kept from using all memory, and V8 ends the whole process when
 * that is used up, a thread's too: so it runs in a process of its own, evaluate-main.ts.
 */
export const makeEvaluate = () => {
  const compile = makeCompile();
  return async ({ expression, body, eventType }: Job): Promise<Rendered> => {
    try {
      const input: unknown = JSON.parse(body);
      const result: unknown = await compile(expression).evaluate(input, { event_type: eventType });
      if (result === undefined) return { failure: 'it makes nothing of this event' };
      if (isFunction(result)) return { failure: 'it makes a function' };
      if (typeof result !== 'object' || result === null) return { failure: 'it must make an object or a list' };
      const made = JSON.stringify(result, refuseNonJson);
      const isTooLarge = Buffer.byteLength(made) > templateLimits.resultBytes;
      return isTooLarge ? { failure: `it makes more than ${templateLimits.resultBytes} bytes` } : { body: made };
    } catch (error) {
      return { failure: sentenceOf(error) };
    }
  };
};
