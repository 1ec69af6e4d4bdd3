import { textProblem, type FieldProblem } from '@bellwire/errors';

export interface TextRule {
  /** @default 0 */
  min?: number;
  max: number;
}

/** What is wrong with a text that people write: its length in characters, blanks alone where it is needed, what cannot be kept. */
export const textProblems = (path: string, text: string, { min = 0, max }: TextRule): FieldProblem[] => {
  if (text.length < min) return [{ path, message: 'must not be empty' }];
  if (min > 0 && text.trim() === '') return [{ path, message: 'must not be blank' }];
  if (text.length > max) return [{ path, message: `must have at most ${max} characters` }];
  const message = textProblem(text);
  return message === undefined ? [] : [{ path, message }];
};

/** A user of the tenant. Absent is right; empty is not. */
export const subjectProblems = (subject: string | undefined, path: string = 'subject'): FieldProblem[] =>
  subject === undefined ? [] : textProblems(path, subject, { min: 1, max: 255 });
