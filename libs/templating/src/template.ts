import jsonata from 'jsonata';
import { textProblem, type FieldProblem } from '@bellwire/errors';
import { templateLimits } from './limits.ts';
import { presets } from './presets.ts';
import { sentenceOf } from './sentence.ts';

/** How an endpoint names its template: a preset or an expression, the other one empty. */
export interface PayloadTemplate {
  readonly preset: string;
  readonly expression: string;
}

const expressionProblem = (expression: string): string | undefined => {
  if (Buffer.byteLength(expression) > templateLimits.expressionBytes) {
    return `must be at most ${templateLimits.expressionBytes} bytes`;
  }
  const problem = textProblem(expression);
  if (problem !== undefined) return problem;
  try {
    jsonata(expression);
    return undefined;
  } catch (error) {
    return `is not a JSONata expression: ${sentenceOf(error)}`;
  }
};

/** What is wrong with a template; `path` is its own. The syntax is checked: what an event makes of it shows later. */
export const templateProblems = (
  { preset, expression }: PayloadTemplate,
  path: string = 'payload_template',
): FieldProblem[] => {
  if ((preset === '') === (expression === '')) return [{ path, message: 'must have either preset or expression' }];
  if (preset !== '') {
    const message = `must be one of ${[...presets.keys()].join(', ')}`;
    return presets.has(preset) ? [] : [{ path: `${path}.preset`, message }];
  }
  const message = expressionProblem(expression);
  return message === undefined ? [] : [{ path: `${path}.expression`, message }];
};

/** The expression of a template. @throws Error for a preset that this version does not know */
export const expressionOf = ({ preset, expression }: PayloadTemplate): string => {
  if (preset === '') return expression;
  const known = presets.get(preset);
  if (known === undefined) throw new Error(`this version does not know the template ${preset}`);
  return known;
};
