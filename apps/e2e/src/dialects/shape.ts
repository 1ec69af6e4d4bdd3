const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

/**
 * How an answer differs in shape from one that is printed in a document: other names, other JSON types. What is null on
 * either side may be anything on the other; an entry of a list is held against the printed entry that is nearest to it.
 */
export const shapeDifferences = (printed: unknown, answer: unknown, path = 'answer'): readonly string[] => {
  if (answer === null || printed === null) return [];
  if (Array.isArray(answer) && Array.isArray(printed)) {
    if (printed.length === 0) return [];
    return answer.flatMap((each, index) => {
      const from = printed.map((entry) => shapeDifferences(entry, each, `${path}[${index}]`));
      return from.toSorted((one, other) => one.length - other.length)[0] ?? [];
    });
  }
  if (isObject(answer) && isObject(printed)) {
    return [...new Set([...Object.keys(answer), ...Object.keys(printed)])].flatMap((name) => {
      if (!Object.hasOwn(answer, name)) return [`${path}.${name} is missing`];
      if (!Object.hasOwn(printed, name)) return [`${path}.${name} is not in the document`];
      return shapeDifferences(printed[name], answer[name], `${path}.${name}`);
    });
  }
  const [kind, wanted] = [kindOf(answer), kindOf(printed)];
  return kind === wanted ? [] : [`${path} is ${kind}, and ${wanted} in the document`];
};
