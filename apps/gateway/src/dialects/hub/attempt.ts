import { z } from 'zod';
import { fromProto, Outcome, type Attempt } from '@bellwire/contracts';
import { outcome } from '../../resources/attempt.ts';
import { known, time } from '../../resources/members.ts';

/** One request, as users of this dialect see it. */
export const attempt = z.object({
  sentAt: time,
  outcome,
  statusCode: z.int().nullable(),
  /** In milliseconds. */
  responseTime: z.number(),
  responseBody: z.string().nullable(),
  error: z.string().nullable(),
});

const errorOf = ({ outcome: came, error, responseStatus }: Attempt): string | null => {
  if (came === Outcome.DELIVERED) return null;
  return error ?? (responseStatus === undefined ? null : `The receiver answered ${responseStatus}.`);
};

export const toAttempt = (message: Attempt): z.infer<typeof attempt> => ({
  sentAt: new Date(message.startedAtMs).toISOString(),
  outcome: known(fromProto.outcome(message.outcome)),
  statusCode: message.responseStatus ?? null,
  responseTime: message.durationMs,
  responseBody: message.responseBody ?? null,
  error: errorOf(message),
});
