import type { MinifiedJson } from '@bellwire/domain';
import { Fault } from '@bellwire/errors';
import type { Dialect } from './dialect.ts';

/** Whether the verifiers that receivers of the dialect were told to use can accept the data. */
export const isRepresentable = (dialect: Dialect, { text, value }: MinifiedJson): boolean =>
  dialect.representable === 'any' || JSON.stringify(value) === text;

const kinds = { object: 'an object', object_or_list: 'an object or a list' } as const;

const isTaken = ({ takes }: Dialect, value: unknown): boolean =>
  takes === undefined ||
  (typeof value === 'object' && value !== null && (takes === 'object_or_list' || !Array.isArray(value)));

/**
 * Refuses data that receivers of the dialect could not read or verify, whatever they do.
 * @throws Fault PAYLOAD_NOT_REPRESENTABLE
 */
export const checkRepresentable = (dialect: Dialect, data: MinifiedJson): void => {
  if (dialect.takes !== undefined && !isTaken(dialect, data.value)) {
    const sentence = `Receivers of the dialect ${dialect.name} expect data that is ${kinds[dialect.takes]}.`;
    throw new Fault('PAYLOAD_NOT_REPRESENTABLE', sentence);
  }
  if (isRepresentable(dialect, data)) return;
  throw new Fault(
    'PAYLOAD_NOT_REPRESENTABLE',
    `Receivers of the dialect ${dialect.name} check the signature of JSON.stringify(JSON.parse(body)), which would ` +
      'change this data: numbers such as 1.0 or 12345678901234567890, escapes that are not needed, repeated names ' +
      'and whole numbers as names do not come out as they went in.',
  );
};

// DEL is ASCII, and yet escaped by encoders that escape what is not printable.
const notPlain = /[^\x20-\x7e]/;

/** What to tell the publisher of data that is sent all the same, or undefined. */
export const warningOf = ({ nonAsciiWarning }: Dialect, text: string): string | undefined =>
  nonAsciiWarning !== undefined && notPlain.test(text) ? nonAsciiWarning : undefined;
