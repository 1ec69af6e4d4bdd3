import { Fault } from '@bellwire/errors';
import type { Job, Rendered } from './evaluate.ts';
import { templateLimits } from './limits.ts';
import { openRenderer, type Ending, type Renderer } from './renderer.ts';
import { makeSuspensions } from './suspensions.ts';

export interface RenderRequest extends Job {
  readonly tenantId: string;
}

export interface TemplatesOptions {
  /** Measures durations. */
  clock: { now(): number };
  /** How many render at once; each starts when it is first needed, and takes some 50 MB. @default 2 */
  processes?: number;
  /** Wall time of one rendering. @default templateLimits.timeMs */
  timeMs?: number;
}

export interface Templates {
  /**
   * A template that fails is a value.
   *
   * @throws Error where no process starts; Fault STOPPING once closed
   */
  render(request: RenderRequest): Promise<Rendered>;
  close(): Promise<void>;
}

interface Waiting {
  readonly request: RenderRequest;
  resolve(rendered: Rendered): void;
  reject(error: unknown): void;
}

const stopping = (): Fault => new Fault('STOPPING', 'The service is stopping.');

const renderedFrom = (ending: Ending, timeMs: number): Rendered => {
  if (ending === 'timed_out') return { failure: `it took longer than ${timeMs} ms` };
  if (ending === 'died') return { failure: `it needs more than ${templateLimits.memoryMb} MB` };
  return ending;
};

/**
 * Renders templates in processes of their own, which cannot take ours with them. Tenants take turns and have one rendering
 * at a time each, so that one's slow templates keep the others waiting for a moment at most, and what one tenant asks for is
 * done in order; a template that keeps running out of time or memory is not tried for a while (suspensions.ts).
 */
export const openTemplates = ({
  clock,
  processes = 2,
  timeMs = templateLimits.timeMs,
}: TemplatesOptions): Templates => {
  const suspensions = makeSuspensions(clock);
  /** By tenant, in order of turn. */
  const waiting = new Map<string, Waiting[]>();
  const served = new Set<string>();
  const spare: Renderer[] = [];
  const working = new Set<Renderer>();
  let isClosed = false;

  const runOnce = async (job: Job): Promise<Ending> => {
    const renderer = spare.pop() ?? openRenderer(timeMs);
    working.add(renderer);
    let isSound = false;
    try {
      const ending = await renderer.run(job);
      isSound = typeof ending !== 'string';
      return ending;
    } finally {
      working.delete(renderer);
      if (isSound && !isClosed) spare.push(renderer);
      else renderer.close();
    }
  };

  const work = async ({ tenantId, ...job }: RenderRequest): Promise<Rendered> => {
    const refusal = suspensions.refusal(tenantId, job.expression);
    if (refusal !== undefined) return { failure: refusal };
    let ending = await runOnce(job);
    // A process may also have been ended by somebody else: once more before the template is to blame.
    if (ending === 'died' && !isClosed) ending = await runOnce(job);
    if (isClosed) throw stopping();
    suspensions.note(tenantId, job.expression, typeof ending === 'string');
    return renderedFrom(ending, timeMs);
  };

  const next = (): [string, Waiting[]] | undefined =>
    [...waiting].find(([tenantId, line]) => line.length > 0 && !served.has(tenantId));

  const giveUpTurn = (tenantId: string): void => {
    const line = waiting.get(tenantId);
    waiting.delete(tenantId);
    if (line !== undefined && line.length > 0) waiting.set(tenantId, line);
  };

  const serve = async (tenantId: string, { request, resolve, reject }: Waiting): Promise<void> => {
    served.add(tenantId);
    await work(request).then(resolve, (error: unknown) => reject(isClosed ? stopping() : error));
    served.delete(tenantId);
    giveUpTurn(tenantId);
    startNext();
  };

  const startNext = (): void => {
    while (served.size < processes) {
      const [tenantId, line] = next() ?? [];
      const first = line?.shift();
      if (tenantId === undefined || first === undefined) return;
      void serve(tenantId, first);
    }
  };

  return {
    render: (request) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(stopping());
        const line = waiting.get(request.tenantId) ?? [];
        line.push({ request, resolve, reject });
        waiting.set(request.tenantId, line);
        startNext();
      }),
    close: async () => {
      isClosed = true;
      for (const line of waiting.values()) for (const { reject } of line) reject(stopping());
      waiting.clear();
      for (const renderer of [...spare, ...working]) renderer.close();
    },
  };
};
