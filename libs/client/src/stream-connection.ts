import { status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import type { PublishRequest, PublishResponse, PublishResult } from '@bellwire/contracts';
import { BellwireError, errorOfCall, errorOfEvent } from './bellwire-error.ts';

/** An event on its way, and who waits for its answer. */
export interface Entry {
  readonly request: PublishRequest;
  /** By performance.now(). */
  readonly expiresAt: number;
  retries: number;
  resolve(published: PublishResponse): void;
  reject(error: BellwireError): void;
}

export interface ConnectionHandlers {
  /** There is room for another event. */
  answered(): void;
  /** The service refused this event. */
  refused(entry: Entry, error: BellwireError): void;
  /** The stream is over; these had no answer. */
  lost(entries: readonly Entry[], error: BellwireError): void;
}

/** One gRPC stream with the events that wait for its answers. */
export interface StreamConnection {
  /** Oldest first; an entry that is deleted is not told any more. */
  readonly unanswered: Map<number, Entry>;
  send(entry: Entry): void;
  /** No more events: the service ends the stream when it has answered. */
  end(): void;
}

const endedByService = (): BellwireError =>
  new BellwireError(status.UNAVAILABLE, 'The service ended the stream.', { reason: 'SERVICE_UNAVAILABLE' });

export const openStreamConnection = (
  stream: ClientDuplexStream<PublishRequest, PublishResult>,
  { answered, refused, lost }: ConnectionHandlers,
): StreamConnection => {
  const unanswered = new Map<number, Entry>();
  let nextIndex = 0;
  let isOver = false;

  const over = (error: BellwireError): void => {
    if (isOver) return;
    isOver = true;
    const entries = [...unanswered.values()];
    unanswered.clear();
    lost(entries, error);
  };

  stream.on('data', ({ index, result }) => {
    const entry = unanswered.get(index);
    unanswered.delete(index);
    if (result?.$case === 'accepted') entry?.resolve(result.value);
    else if (result?.$case === 'error' && entry !== undefined) refused(entry, errorOfEvent(result.value));
    answered();
  });
  stream.on('error', (error: ServiceError) => over(errorOfCall(error)));
  // Without an error: nothing more will be answered.
  stream.on('status', ({ code }) => {
    if (code === status.OK) over(endedByService());
  });

  return {
    unanswered,
    send: (entry) => {
      unanswered.set(nextIndex++, entry);
      stream.write(entry.request);
    },
    end: () => stream.end(),
  };
};
