/** What a filter sees of an event: the fields of the REST resource. Times are ISO 8601 in UTC with milliseconds. */
export interface EventDocument {
  readonly id: string;
  readonly type: string;
  /** Absent where the event has none, so that `$exists` and `has()` tell. */
  readonly subject?: string;
  readonly data: unknown;
  readonly occurred_at: string;
  readonly accepted_at: string;
}

/** The first segment of every path in a filter. */
export const documentFields = ['id', 'type', 'subject', 'data', 'occurred_at', 'accepted_at'] as const;

/** An event as it travels on the log; `data` is JSON text. */
export interface EventSource {
  readonly id: string;
  readonly type: string;
  readonly subject?: string | undefined;
  readonly data: string;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
}

/**
 * Parses the data of an event: once per event, and only if some endpoint has a filter. Throws where `data` is no JSON,
 * which ingestion has ruled out.
 */
export const eventDocument = (event: EventSource): EventDocument => ({
  id: event.id,
  type: event.type,
  ...(event.subject === undefined ? {} : { subject: event.subject }),
  data: JSON.parse(event.data),
  occurred_at: new Date(event.occurredAtMs).toISOString(),
  accepted_at: new Date(event.acceptedAtMs).toISOString(),
});
