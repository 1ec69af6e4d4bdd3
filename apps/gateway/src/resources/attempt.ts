import { z } from 'zod';
import { fromProto, type Attempt } from '@bellwire/contracts';
import { known, orNull, textMap, time } from './members.ts';

export const outcome = z
  .enum(['delivered', 'rejected', 'unreachable', 'timed_out', 'blocked'])
  .describe('delivered: 2xx. rejected: another status. blocked: the address is not allowed.');

export const attempt = z
  .object({
    id: z.string(),
    number: z.int().describe('From 1, over all rounds.'),
    round: z.int().describe('From 1; a redelivery opens the next.'),
    started_at: time,
    duration_ms: z.number(),
    outcome,
    response_status: z.int().nullable(),
    response_headers: textMap,
    response_body: z.string().nullable().describe('As far as it was read.'),
    error: z.string().nullable().describe('What happened, where there is no response.'),
    timings: z.record(z.string(), z.number()).describe('Phases in milliseconds.'),
    trace_id: z.string().nullable(),
  })
  .meta({ id: 'Attempt', description: 'One HTTP request for a delivery.' });

export const toAttempt = (message: Attempt): z.infer<typeof attempt> => ({
  id: message.attemptId,
  number: message.number,
  round: message.round,
  started_at: new Date(message.startedAtMs).toISOString(),
  duration_ms: message.durationMs,
  outcome: known(fromProto.outcome(message.outcome)),
  response_status: message.responseStatus ?? null,
  response_headers: message.responseHeaders,
  response_body: message.responseBody ?? null,
  error: message.error ?? null,
  timings: message.timings,
  trace_id: orNull(message.traceId),
});
