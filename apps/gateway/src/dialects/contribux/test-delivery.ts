import { z } from 'zod';
import { DispatcherServiceService as Dispatcher, fromProto, type Attempt } from '@bellwire/contracts';
import { toFault } from '@bellwire/errors';
import type { CallOptions, RpcChannel } from '@bellwire/rpc';
import { testTimeoutMs } from '../../routes/endpoint-actions.ts';

/** Beside what the document shows, a failure says what it was. */
export const testResult = z.object({
  status: z.enum(['success', 'failed']),
  response_time_ms: z.int(),
  error_message: z.string().optional(),
});

/** What a failed attempt says: that there was no answer and why, or which one. */
export const errorOf = ({ error, responseStatus }: Attempt): string =>
  error ?? (responseStatus === undefined ? 'no response' : `HTTP ${responseStatus}`);

export const toTestResult = (attempt: Attempt): z.infer<typeof testResult> => {
  const hasArrived = fromProto.outcome(attempt.outcome) === 'delivered';
  return {
    status: hasArrived ? 'success' : 'failed',
    response_time_ms: Math.round(attempt.durationMs),
    ...(hasArrived ? {} : { error_message: errorOf(attempt) }),
  };
};

/** Sends an event with the data `{"test":true}`, and waits for the receiver. */
export const sendTest = async (
  dispatcher: RpcChannel,
  { endpointId, eventType }: { endpointId: string; eventType: string },
  caller: CallOptions,
): Promise<{ attempt: Attempt; body: string }> => {
  const wanted = { endpointId, eventType, data: '' };
  const { attempt, body } = await dispatcher.unary(Dispatcher.sendTest, wanted, {
    ...caller,
    timeoutMs: testTimeoutMs,
  });
  if (attempt === undefined) throw new Error('dispatcher left out the attempt');
  return { attempt, body };
};

/** The result of the test of a webhook that was just made: it stays, whatever comes of the test. */
export const firstTest = async (...wanted: Parameters<typeof sendTest>): Promise<z.infer<typeof testResult>> => {
  try {
    return toTestResult((await sendTest(...wanted)).attempt);
  } catch (error) {
    return { status: 'failed', response_time_ms: 0, error_message: toFault(error).detail };
  }
};
