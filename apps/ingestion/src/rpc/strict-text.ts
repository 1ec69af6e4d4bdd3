import { BinaryReader } from '@bufbuild/protobuf/wire';
import { IngestionServiceService, PublishBatchRequest, PublishRequest } from '@bellwire/contracts';

// A protobuf string that is not UTF-8 is decoded with U+FFFD in place of the wrong bytes, which a publisher may also have
// meant. Where the bytes say that it was not meant, half a surrogate pair takes its place: no rule lets that through, so
// the event is refused alone, with the name of the field, and nobody's data is changed behind his back.
const replacement = '\ufffd';
const marked = (text: string): string => text.replaceAll(replacement, '\ud800');

class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}

const isStrict = (decode: (reader: BinaryReader) => unknown, bytes: Uint8Array): boolean => {
  try {
    decode(new StrictReader(bytes));
    return true;
  } catch {
    return false;
  }
};

const hasReplacement = (event: PublishRequest): boolean =>
  [event.type, event.data, event.subject, event.idempotencyKey, event.orderingKey]
    .concat(Object.entries(event.actionUrls).flat())
    .some((text) => text?.includes(replacement));

const mark = (event: PublishRequest): PublishRequest => ({
  ...event,
  type: marked(event.type),
  data: marked(event.data),
  subject: event.subject && marked(event.subject),
  idempotencyKey: event.idempotencyKey && marked(event.idempotencyKey),
  orderingKey: event.orderingKey && marked(event.orderingKey),
  actionUrls: Object.fromEntries(Object.entries(event.actionUrls).map(([name, url]) => [marked(name), marked(url)])),
});

const readEvent = (bytes: Buffer): PublishRequest => {
  const event = PublishRequest.decode(bytes);
  return hasReplacement(event) && !isStrict((reader) => PublishRequest.decode(reader), bytes) ? mark(event) : event;
};

/** In a batch with wrong bytes, an event that meant U+FFFD is refused beside the wrong one. */
const readBatch = (bytes: Buffer): PublishBatchRequest => {
  const batch = PublishBatchRequest.decode(bytes);
  if (!batch.events.some(hasReplacement) || isStrict((reader) => PublishBatchRequest.decode(reader), bytes))
    return batch;
  return { events: batch.events.map((event) => (hasReplacement(event) ? mark(event) : event)) };
};

/** IngestionService as it is, with invalid UTF-8 made visible. */
export const strictIngestionService = {
  ...IngestionServiceService,
  publish: { ...IngestionServiceService.publish, requestDeserialize: readEvent },
  publishBatch: { ...IngestionServiceService.publishBatch, requestDeserialize: readBatch },
  publishStream: { ...IngestionServiceService.publishStream, requestDeserialize: readEvent },
};
