/** What a template may take. */
export const templateLimits = {
  /** Of an expression, in UTF-8. */
  expressionBytes: 16 * 1024,
  /** Of what it makes, in UTF-8: the default of BELLWIRE_MAX_PAYLOAD_BYTES. */
  resultBytes: 256 * 1024,
  /** Wall time of one rendering; a usual one takes a millisecond. */
  timeMs: 500,
  /** Heap of a process that renders. */
  memoryMb: 96,
  /** Expressions evaluated inside one another, and entries of a list that an expression makes: refused with a sentence before memory ends. */
  depth: 500,
  listEntries: 100_000,
} as const;
