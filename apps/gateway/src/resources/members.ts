// Members and parameters that several resources share.
import { z } from 'zod';

/** A time in an answer. */
export const time = z.iso.datetime();

/** A time in a request, as RFC 3339 with any offset; finer than milliseconds is cut. */
export const givenTime = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

/** @throws Error where a service left out a time that it always sends */
export const timeText = (at: Date | undefined): string => {
  if (at === undefined) throw new Error('a service left out a time');
  return at.toISOString();
};

export const optionalTimeText = (at: Date | undefined): string | null => at?.toISOString() ?? null;

/** The word for an enum value. @throws Error for UNSPECIFIED and for values of a later version */
export const known = <Word extends string>(word: Word | undefined): Word => {
  if (word === undefined) throw new Error('a service sent a value that this version does not know');
  return word;
};

/** Empty text on the wire is an absent value in JSON. */
export const orNull = (text: string): string | null => (text === '' ? null : text);

/** A whole number in a query: decimal digits alone, so that 1e1, 0x10, +5 and an empty text are none. */
export const queryNumber = (least: number, most: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^[0-9]+$/.test(text) ? Number(text) : text),
    z
      .int({ error: ({ code }) => (code === 'invalid_type' ? 'must be a whole number' : undefined) })
      .min(least)
      .max(most),
  );

/** The part of a list that is asked for. */
export const page = {
  limit: queryNumber(1, 100).optional().describe('How many at most; 50 where absent.'),
  cursor: z.string().min(1).optional().describe('next_cursor of the page before.'),
};

/** 0 and empty stand for the service's defaults. */
export const pageOf = ({ limit = 0, cursor = '' }: { limit?: number | undefined; cursor?: string | undefined }) => ({
  limit,
  cursor,
});

const nextCursor = z.string().nullable().describe('cursor of the next page; null on the last one.');

export const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: nextCursor });

/** How far audit is. With several of its processes one may be behind another; each goes forward only. */
export const asOf = (done: 'recorded' | 'counted') =>
  time.describe(
    `What was accepted up to here is ${done}; it never goes back. At first the beginning of the retention.`,
  );

/** A list from audit, which lags behind the log by a moment. */
export const recordedListOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    next_cursor: nextCursor,
    as_of: asOf('recorded'),
  });

export const noQuery = z.strictObject({});

/** The body of a call that needs none. */
export const noBody = z.strictObject({}).optional();

export const textMap = z.record(z.string(), z.string());

// What the description says of the bounds that the services keep: told here, checked there.

/** A text of so many characters. */
export const sized = (minLength: number, maxLength: number) => z.string().meta({ minLength, maxLength });

/** A user of the tenant. */
export const userOf = sized(1, 255);

/** A whole number within these bounds, of which only the shape is checked here: positive, and within 32 bits. */
export const count = (minimum: number, maximum: number) => z.int().min(1).max(4_294_967_295).meta({ minimum, maximum });
