const longest = 300;

const textAt = (value: object, name: string): unknown => Object.entries(value).find(([key]) => key === name)?.[1];

/** What JSONata, or JSON, says is wrong, with the position in the expression: for the author of the template. */
export const sentenceOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return 'it failed';
  const message = error instanceof Error ? error.message : textAt(error, 'message');
  const position = textAt(error, 'position');
  const said = typeof message === 'string' && message !== '' ? message : 'it failed';
  // V8's word for it, also inside a sentence of $eval: what nests is the author's, whose stack it is not.
  if (said.includes('Maximum call stack size exceeded')) return 'too deeply nested';
  const cut = said.length > longest ? `${said.slice(0, longest - 1)}…` : said;
  return typeof position === 'number' ? `${cut} (at character ${position})` : cut;
};
