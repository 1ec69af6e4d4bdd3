/** What is wrong with a text that Postgres and protobuf are to keep as it is; undefined where nothing is. */
export const textProblem = (text: string): string | undefined => {
  if (text.includes('\u0000')) return 'must not contain NUL';
  return text.isWellFormed() ? undefined : 'must be valid Unicode, without half a surrogate pair';
};
