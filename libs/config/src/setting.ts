import { z } from 'zod';
import { parseTiers } from '@bellwire/domain';

// Kinds of setting: each turns the text of a variable into a value, and has its default as text, the way people write it.

export const text = (fallback: string) => z.string().min(1, 'must not be empty').prefault(fallback);

export const oneOf = <Word extends string>(words: readonly Word[], fallback: NoInfer<Word>) =>
  z.enum(words, `must be one of ${words.join(', ')}`).prefault(fallback);

/** Text that may be absent. `minLength` in characters. */
export const optionalText = (minLength = 1) =>
  z.string().min(minLength, `must have ${minLength} characters or more`).optional();

export const integer = (fallback: number, range: { min: number; max: number }) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, `must be from ${range.min} to ${range.max}`)
    .prefault(String(fallback));

/** With a fraction where it needs one: 0.5. */
export const decimal = (fallback: number, range: { min: number; max: number }) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?$/, 'must be a number such as 12 or 0.5')
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, `must be from ${range.min} to ${range.max}`)
    .prefault(String(fallback));

export const flag = (fallback: boolean) =>
  z
    .string()
    .regex(/^(true|false|1|0)$/, 'must be true or false')
    .transform((value) => value === 'true' || value === '1')
    .prefault(String(fallback));

const words = z.string().transform((value) =>
  value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
);

const addressRule = /^[^\s:]+:[0-9]{1,5}$/;

/** host:port of somebody else; may be absent. */
export const address = () => z.string().regex(addressRule, 'must be host:port').optional();

/** host:port, several separated by commas; an empty list where unset. */
export const addresses = () =>
  words.pipe(z.array(z.string().regex(addressRule, 'must be host:port, separated by commas'))).prefault('');

/** An address or a name of this machine. */
export const hostName = (fallback: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9.:-]+$/, 'must be an address or a host name')
    .prefault(fallback);

export const postgresUrl = () =>
  z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
    .optional();

/** Words that are known, separated by commas; all of them where unset. */
export const listOf = <Word extends string>(known: readonly Word[]) =>
  words.pipe(z.array(z.enum(known, `must be of ${known.join(', ')}`))).prefault(known.join(','));

/** Networks as address/length, separated by commas. */
export const cidrs = () =>
  words.pipe(z.array(z.union([z.cidrv4(), z.cidrv6()], 'must be networks such as 10.0.0.0/8'))).prefault('');

export const delayTiers = (fallback: string) =>
  z
    .string()
    .transform((value, context) => {
      try {
        return parseTiers(value);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    })
    .prefault(fallback);
