import { z } from 'zod';

export const publishModes = ['stream', 'batch', 'unary', 'rest'] as const;
export const publishMode = z.enum(publishModes);
export type PublishMode = z.infer<typeof publishMode>;

/** What the bench asks its generator: publish so many events, in this way. */
export const publishOrder = z.object({
  mode: publishMode,
  /** host:port of ingestion. */
  ingestion: z.string(),
  /** Base URL of the gateway. */
  rest: z.string(),
  key: z.string(),
  events: z.number(),
  /** Types of the events, in turn. */
  types: z.array(z.string()).min(1).readonly(),
  /** Events a second, due at even intervals; undefined: as fast as they are answered. */
  ratePerSecond: z.number().optional(),
});
export type PublishOrder = z.infer<typeof publishOrder>;

const publishedEvent = z.object({
  /** Undefined: refused, or nobody answered. */
  id: z.string().optional(),
  type: z.string(),
  /** The start of the call; at a given rate, when it was due. */
  startedAtMs: z.number(),
  answeredAtMs: z.number(),
});

export const publishReport = z.object({
  published: z.array(publishedEvent),
  /** The first few reasons of what failed. */
  failures: z.array(z.string()),
});
export type PublishedEvent = z.infer<typeof publishedEvent>;
export type PublishReport = z.infer<typeof publishReport>;
