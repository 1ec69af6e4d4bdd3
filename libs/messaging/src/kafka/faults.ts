import { Fault } from '@bellwire/errors';

/** A protocol error's name, as Kafka's documentation has it: `UNKNOWN_TOPIC_OR_PARTITION`. Looks through wrappers. */
export const kafkaErrorType = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined;
  if ('type' in error && typeof error.type === 'string') return error.type;
  if (error.name === 'KafkaJSOffsetOutOfRange') return 'OFFSET_OUT_OF_RANGE';
  return kafkaErrorType(error.cause);
};

export const unavailable = (cause: unknown): Fault =>
  new Fault('LOG_UNAVAILABLE', 'The log cannot be reached.', { retryAfterMs: 1000, cause });

export const missingTopic = (topic: string): Error =>
  new Error(`There is no topic "${topic}": name it in topics() first.`);

/** What a failed request to Kafka means to who asked. */
export const toLogFault = (error: unknown): Fault => {
  if (error instanceof Fault) return error;
  const type = kafkaErrorType(error);
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE')
    return new Fault('RECORD_TOO_LARGE', "A record is over the size limit of the log's topic.", { cause: error });
  if (type === 'INVALID_RECORD') return new Fault('RECORD_REFUSED', 'The log refuses a record.', { cause: error });
  return unavailable(error);
};

/** As the promise does, or rejects with a Fault LOG_UNAVAILABLE after `limitMs`. */
export const within = async <T>(limitMs: number, promise: Promise<T>, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable(new Error(`${what} took over ${limitMs} ms`))), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
