import { z } from 'zod';

/** What the bench asks its receiver. */
export const receiverQuestion = z.discriminatedUnion('kind', [
  /** Answers a port; each call opens one more. */
  z.object({ kind: z.literal('listen') }),
  /** How to answer requests for a path, and the secret that they are signed with. */
  z.object({ kind: z.literal('path'), path: z.string(), delayMs: z.number(), secret: z.string() }),
  /** Answers how many requests have come since the last take for paths that answer at once. */
  z.object({ kind: z.literal('count') }),
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
