/** How large a filter may be; budget.ts bounds what it may cost on a large event. */
export const filterLimits = {
  /** Operators and groups inside one another. */
  depth: 10,
  /** Fields, operators, and the values of $all. */
  terms: 100,
  /** Values in all lists and objects. */
  values: 500,
  /** Of the filter as JSON in UTF-8. */
  bytes: 16 * 1024,
  celCharacters: 2000,
  celNodes: 500,
  celDepth: 40,
} as const;
