import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** As V8 writes it: a tree of call frames and, for each sample, the node that ran. */
const schema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }),
      children: z.array(z.number()).optional(),
    }),
  ),
  /** Microseconds of the machine's monotonic clock. */
  startTime: z.number(),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

/** One function at one place of the call tree, with the time that samples found it running. */
export interface Frame {
  functionName: string;
  url: string;
  /** From 1. */
  line: number;
  caller: Frame | undefined;
  selfMicros: number;
}

/** @param window only samples inside it count, on the machine's clock in milliseconds */
export const readCpuProfile = (file: string, window: { fromMs: number; toMs: number }): Frame[] => {
  const { nodes, startTime, samples, timeDeltas } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const frames = new Map<number, Frame>();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    frames.set(id, { functionName, url, line: lineNumber + 1, caller: undefined, selfMicros: 0 });
  }
  for (const { id, children = [] } of nodes) {
    for (const child of children) {
      const frame = frames.get(child);
      if (frame !== undefined) frame.caller = frames.get(id);
    }
  }
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const frame = frames.get(id);
    const isInside = at >= window.fromMs * 1000 && at <= window.toMs * 1000;
    // A sample stands for the time until the next.
    if (frame !== undefined && isInside) frame.selfMicros += Math.max(0, timeDeltas[index + 1] ?? 0);
  }
  return [...frames.values()];
};
