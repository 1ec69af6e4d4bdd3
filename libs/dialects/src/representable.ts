import type { Dialect } from './dialect.ts';

/** Data as it was published: minified JSON text, and what it parses to. */
export interface JsonText {
  readonly text: string;
  readonly value: unknown;
}

/** Whether the verifiers that receivers of the dialect were told to use can accept the data. */
export const isRepresentable = (dialect: Dialect, { text, value }: JsonText): boolean =>
  dialect.representable === 'any' || JSON.stringify(value) === text;

// DEL is ASCII, and yet escaped by encoders that escape what is not printable.
const notPlain = /[^\x20-\x7e]/;

/** What to tell the publisher of data that is sent all the same, or undefined. */
export const warningOf = ({ nonAsciiWarning }: Dialect, text: string): string | undefined =>
  nonAsciiWarning !== undefined && notPlain.test(text) ? nonAsciiWarning : undefined;
