import { context } from '@opentelemetry/api';
import type { IngestionServiceServer, PublishRequest } from '@bellwire/contracts';
import { actingFor } from '@bellwire/domain';
import { Fault, toFault } from '@bellwire/errors';
import type { Call } from '@bellwire/rpc';
import type { AcceptEvents } from '../accept-events.ts';
import type { Accepted } from '../identify-events.ts';
import { orderedTurns } from '../ordered-turns.ts';
import { publishResultOf } from './publish-result.ts';
import { makeStreamWindow } from './stream-window.ts';

export interface PublishStreamOptions {
  acceptEvents: AcceptEvents;
  /** Aborted at the stop: a stream ends, with STOPPING, once what was read of it is answered. */
  stopping: AbortSignal;
  /** Told of bugs, whose events are answered with INTERNAL. */
  onBug(error: unknown): void;
  /** Events of a stream that wait for their answer, before it is read no further. @default 1000 */
  maxUnanswered?: number;
  /** The same in characters of data. @default 8388608 */
  maxUnansweredLength?: number;
}

type Stream = Parameters<IngestionServiceServer['publishStream']>[0];

const lengthOf = (events: readonly PublishRequest[]): number => events.reduce((sum, { data }) => sum + data.length, 0);

/**
 * Takes what has arrived in one turn of the event loop as one call of acceptance. Groups are prepared at the same time
 * and reach the log in order; answers come as the log takes them. A client that does not read its answers is read no
 * further than the limits.
 */
export const makePublishStream = (options: PublishStreamOptions) => {
  const { acceptEvents, stopping, onBug, maxUnanswered = 1000, maxUnansweredLength = 8 * 1024 * 1024 } = options;

  const faultFrom = (error: unknown): Fault => {
    const fault = toFault(error);
    if (fault.kind === 'internal') onBug(fault.cause ?? fault);
    return fault;
  };

  return (stream: Stream, { principal, namedTenant, signal }: Call): Promise<void> => {
    const acting = actingFor(principal, 'events:publish', namedTenant);
    const active = context.active();
    const turns = orderedTurns();
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    const window = makeStreamWindow({
      maxCount: maxUnanswered,
      maxLength: maxUnansweredLength,
      onRoom: () => stream.isPaused() && stream.resume(),
    });
    let gathered: PublishRequest[] = [];
    let nextIndex = 0;

    const accept = (events: readonly PublishRequest[]): Promise<readonly Accepted[]> =>
      context
        .with(active, () => acceptEvents(acting, events, turns))
        .catch((error: unknown) => {
          const fault = faultFrom(error);
          return events.map(() => fault);
        });

    const flush = async (): Promise<void> => {
      const events = gathered;
      const firstIndex = nextIndex;
      gathered = [];
      nextIndex += events.length;
      const answers = await accept(events);
      if (stream.destroyed) return;
      const settle = () => window.settle(events.length, lengthOf(events));
      for (const [at, answer] of answers.entries()) {
        stream.write(publishResultOf(firstIndex + at, answer), at === answers.length - 1 ? settle : undefined);
      }
    };

    const stop = (): void => {
      stream.pause();
      window.end(() => reject(new Fault('STOPPING', 'The service is stopping.', { retryAfterMs: 1000 })));
    };
    stream.on('data', (event) => {
      if (gathered.push(event) === 1) setImmediate(() => void flush());
      if (!window.take(event.data.length)) stream.pause();
    });
    stream.once('end', () => window.end(resolve));
    stream.once('close', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    stopping.addEventListener('abort', stop, { once: true });
    if (stopping.aborted) stop();
    return done.finally(() => stopping.removeEventListener('abort', stop));
  };
};
