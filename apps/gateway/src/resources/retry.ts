import { z } from 'zod';
import { fromProto, toProto, type RetryPolicy } from '@bellwire/contracts';
import { known } from './members.ts';

const members = {
  schedule_seconds: z
    .array(z.number().meta({ exclusiveMinimum: 0, maximum: 604_800 }))
    .meta({ maxItems: 20 })
    .describe('Wait before the second, third, ... attempt, in seconds. Empty: one attempt.'),
  retry_on: z
    .enum(['any_failure', 'transient'])
    .describe('transient: 408, 425, 429, 5xx, time-outs and network errors.'),
};

/** When a delivery is tried again. */
export const retry = z.object(members);

export const givenRetry = z.strictObject({
  ...members,
  retry_on: members.retry_on.nullish().describe('As the dialect does where absent.'),
});

export const toRetry = (policy: RetryPolicy | undefined): z.infer<typeof retry> | null =>
  policy === undefined
    ? null
    : { schedule_seconds: policy.scheduleSeconds, retry_on: known(fromProto.retryOn(policy.retryOn)) };

/** What is retried is left to registry where it is not said. */
export const fromRetry = (
  given: z.infer<typeof givenRetry> | null | undefined,
): { scheduleSeconds: number[]; retryOn?: RetryPolicy['retryOn'] | undefined } | undefined =>
  given
    ? {
        scheduleSeconds: given.schedule_seconds,
        retryOn: given.retry_on ? toProto.retryOn[given.retry_on] : undefined,
      }
    : undefined;
