import type { FieldProblem } from '@bellwire/errors';
import { textProblems } from '../text-rules.ts';

/** The tenant's own notes on an endpoint: at most 50 keys of 100 characters with values of 500. */
export const metadataProblems = (metadata: Readonly<Record<string, string>>): FieldProblem[] => {
  const entries = Object.entries(metadata);
  if (entries.length > 50) return [{ path: 'metadata', message: 'must have at most 50 keys' }];
  return entries.flatMap(([key, value]) => {
    const wrongKey = textProblems('metadata', key, { min: 1, max: 100 });
    if (wrongKey.length > 0) return wrongKey.map(({ path, message }) => ({ path, message: `a key ${message}` }));
    return textProblems(`metadata.${key}`, value, { max: 500 });
  });
};
