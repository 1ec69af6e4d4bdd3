import type { FieldProblem } from '@bellwire/errors';

export interface TextRule {
  /** @default 0 */
  min?: number;
  max: number;
}

/** What is wrong with a text that people write: its length in characters, and NUL, which Postgres cannot keep. */
export const textProblems = (path: string, text: string, { min = 0, max }: TextRule): FieldProblem[] => {
  if (text.length < min) return [{ path, message: 'must not be empty' }];
  if (text.length > max) return [{ path, message: `must have at most ${max} characters` }];
  return text.includes('\u0000') ? [{ path, message: 'must not contain NUL' }] : [];
};

/** A user of the tenant. Absent is right; empty is not. */
export const subjectProblems = (subject: string | undefined, path: string = 'subject'): FieldProblem[] =>
  subject === undefined ? [] : textProblems(path, subject, { min: 1, max: 256 });
