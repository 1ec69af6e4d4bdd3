import { Fault } from '@bellwire/errors';
import type { NewRecord } from './log.ts';

/** The largest record of any log, in bytes as {@link sizeOfRecord} counts: 1 MiB of data, and room for what is around it. */
export const maxRecordBytes = 1024 * 1024 + 127 * 1024;

/** Lengths, attributes and a timestamp, at most. */
const overheadBytes = 40;

/** What a record takes on the log, in bytes: on Kafka at most so many. */
export const sizeOfRecord = ({ key, value, headers }: NewRecord): number => {
  let bytes = Buffer.byteLength(key ?? '') + (value?.length ?? 0) + overheadBytes;
  for (const name in headers) bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '') + 10;
  return bytes;
};

export const fitsRecord = (record: NewRecord): boolean => sizeOfRecord(record) <= maxRecordBytes;

/** @throws Fault RECORD_TOO_LARGE */
export const checkSize = (record: NewRecord): void => {
  const bytes = sizeOfRecord(record);
  if (bytes <= maxRecordBytes) return;
  const detail = `A record of ${bytes} bytes is over the limit of ${maxRecordBytes} of topic "${record.topic}".`;
  throw new Fault('RECORD_TOO_LARGE', detail);
};

/** The log will never take a record of this write: trying again as it is does not help. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Fault && (error.reason === 'RECORD_TOO_LARGE' || error.reason === 'RECORD_REFUSED');

/** One caller's part of a write. */
interface Part {
  reject(error: unknown): void;
}

/**
 * Writes the parts of several callers together. Where a record is refused it is halved and tried again, so that only the
 * caller with that record is rejected; what the others had written by then may be there twice. Any other failure is
 * everybody's.
 *
 * @param write resolves its parts
 */
export const writeApart = async <Each extends Part>(
  parts: readonly Each[],
  write: (parts: readonly Each[]) => Promise<void>,
): Promise<void> => {
  try {
    await write(parts);
  } catch (error) {
    if (parts.length === 1 || !isRefused(error)) {
      for (const part of parts) part.reject(error);
      return;
    }
    const middle = Math.ceil(parts.length / 2);
    await writeApart(parts.slice(0, middle), write);
    await writeApart(parts.slice(middle), write);
  }
};
