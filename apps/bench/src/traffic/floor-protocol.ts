import { z } from 'zod';

export const floorOrder = z.object({ url: z.string(), posts: z.number() });

/** The same payload, signed and posted to the same receiver, by a loop that does nothing else. */
export const floorReport = z.object({ postsPerSecond: z.number(), cpuPerThousand: z.number() });
export type FloorReport = z.infer<typeof floorReport>;
