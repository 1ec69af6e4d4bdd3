// sift is CommonJS whose names Node cannot find, so its parts hang on the default import.
// oxlint-disable import/no-named-as-default-member
import sift from 'sift';
import type { EventDocument } from './event-document.ts';

/**
 * A test of a text as an operation of sift, which also tries each element where the field is a list. Its creators take
 * `any`; this is where the parameter becomes a text again.
 */
const textOperation =
  (test: (value: string, wanted: string) => boolean): typeof sift.$eq =>
  (wanted: unknown, ownerQuery, options) =>
    sift.createEqualsOperation(
      (value: unknown) => typeof value === 'string' && test(value, String(wanted)),
      ownerQuery,
      options,
    );

type Rest = Parameters<typeof sift.$not> extends [unknown, ...infer Others] ? Others : never;

/**
 * Membership by a set. sift compares with each value of its list in turn, at some 80 ns: with 490 values over 128,000
 * elements that took 5 s, this takes 15 ms. A missing field counts as null, as in MongoDB.
 */
const membership: typeof sift.$eq = (list: unknown, ownerQuery, options) => {
  const wanted = new Set<unknown>(Array.isArray(list) ? list : []);
  return sift.createEqualsOperation((value: unknown) => wanted.has(value ?? null), ownerQuery, options);
};

/** The only operations that sift is given: what is not listed here cannot run, whatever the validation let through. */
const operations = {
  $eq: sift.$eq,
  $ne: sift.$ne,
  $in: membership,
  $nin: (list: unknown, ...rest: Rest) => sift.$not({ $in: list }, ...rest),
  $gt: sift.$gt,
  $gte: sift.$gte,
  $lt: sift.$lt,
  $lte: sift.$lte,
  $exists: sift.$exists,
  $all: sift.$all,
  $not: sift.$not,
  $and: sift.$and,
  $or: sift.$or,
  $nor: sift.$nor,
  $prefix: textOperation((value, wanted) => value.startsWith(wanted)),
  $suffix: textOperation((value, wanted) => value.endsWith(wanted)),
};

/** Compiles a validated filter in MongoDB's form. */
export const compileQuery = (filter: unknown): ((event: EventDocument) => boolean) => {
  const matches = sift.createQueryTester<EventDocument, unknown>(filter, { operations });
  return (event) => matches(event);
};
