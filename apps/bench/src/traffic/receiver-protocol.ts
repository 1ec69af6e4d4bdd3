import { z } from 'zod';

const answering = z.object({
  path: z.string(),
  /** Its requests are counted under this name. */
  group: z.string(),
  status: z.number(),
  delayMs: z.number(),
  /** Requests are signed with it. */
  secret: z.string(),
});

/** How requests for a path are answered. */
export type Answering = z.infer<typeof answering>;

/** What the bench asks its receiver. */
export const receiverQuestion = z.discriminatedUnion('kind', [
  /** Answers a port: another one, or that which was closed. */
  z.object({ kind: z.literal('listen'), port: z.number().optional() }),
  /** Connections to the port are cut, and refused from now on. */
  z.object({ kind: z.literal('close'), port: z.number() }),
  z.object({ kind: z.literal('path'), answering }),
  /** Answers how many requests have come for a group since the last take. */
  z.object({ kind: z.literal('count'), group: z.string() }),
  /** Answers how many requests for a path were unanswered at the same time, at most. */
  z.object({ kind: z.literal('most'), path: z.string() }),
  /** Answers what arrived since the last time, and forgets it. */
  z.object({ kind: z.literal('take') }),
]);

const arrival = z.object({ id: z.string(), path: z.string(), atMs: z.number() });

export const takenArrivals = z.object({
  arrivals: z.array(arrival),
  /** Signatures that were looked at, and those that were wrong. */
  verified: z.number(),
  badSignatures: z.number(),
});

/** One request: the event's id, the path, and when it was complete, on the machine's clock. */
export type Arrival = z.infer<typeof arrival>;
export type TakenArrivals = z.infer<typeof takenArrivals>;
export type ReceiverQuestion = z.infer<typeof receiverQuestion>;
