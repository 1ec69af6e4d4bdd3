import type { PublishResult } from '@bellwire/contracts';
import { Fault, kinds } from '@bellwire/errors';
import type { Accepted } from '../identify-events.ts';

/** The answer to one event of a batch or a stream. */
export const publishResultOf = (index: number, answer: Accepted): PublishResult => {
  if (!(answer instanceof Fault)) return { index, result: { $case: 'accepted', value: { ...answer } } };
  const { kind, reason, detail, fields } = answer;
  return { index, result: { $case: 'error', value: { code: kinds[kind].grpc, reason, detail, fields: [...fields] } } };
};
