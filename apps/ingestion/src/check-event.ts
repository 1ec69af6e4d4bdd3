import type { PublishRequest } from '@bellwire/contracts';
import {
  isEventTypeName,
  isOperational,
  JsonRuleBroken,
  minifyJson,
  operationalPrefix,
  type MinifiedJson,
} from '@bellwire/domain';
import { Fault, invalidFields, type FieldProblem } from '@bellwire/errors';

/** An event that keeps every rule which needs no knowledge of its tenant. */
export interface CheckedEvent {
  readonly type: string;
  readonly data: MinifiedJson;
  readonly subject: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly orderingKey: string | undefined;
  /** Undefined: the publisher did not say. */
  readonly occurredAtMs: number | undefined;
  readonly actionUrls: Readonly<Record<string, string>>;
}

export interface CheckEventOptions {
  nowMs: number;
  /** Of `data` as published, in UTF-8. */
  maxPayloadBytes: number;
  /** The subject of the caller's key, if it is bound to one. */
  keySubject: string | undefined;
}

const maxIdLength = 255;
const maxActionUrls = 20;
const maxActionName = 64;
const maxUrlLength = 2048;
const earliestMs = Date.UTC(2000, 0);
const maxAheadMs = 24 * 60 * 60 * 1000;
const controlCharacter = /\p{Cc}/u;

/** In characters as people count them; most texts are too short to need counting. */
const isLonger = (text: string, limit: number): boolean => text.length > limit && Array.from(text).length > limit;

/** The rule that an identifier of the publisher's breaks, if any. */
const idProblem = (id: string, limit: number): string | undefined => {
  if (id === '') return 'must not be empty where it is given';
  if (!id.isWellFormed()) return 'must be valid Unicode';
  if (isLonger(id, limit)) return `must be at most ${limit} characters`;
  if (controlCharacter.test(id)) return 'must not contain control characters';
  return undefined;
};

const urlProblem = (url: string): string | undefined => {
  if (url.length > maxUrlLength) return `must be at most ${maxUrlLength} characters`;
  // Reading a URL drops some of them, so that two readers see two URLs.
  if (controlCharacter.test(url)) return 'must not contain control characters';
  if (!/^https?:\/\//i.test(url) || !url.isWellFormed() || !URL.canParse(url)) return 'must be an http or https URL';
  return undefined;
};

function* actionUrlProblems(urls: Readonly<Record<string, string>>): Generator<FieldProblem> {
  const entries = Object.entries(urls);
  if (entries.length > maxActionUrls)
    yield { path: 'action_urls', message: `must have at most ${maxActionUrls} entries` };
  for (const [name, url] of entries.slice(0, maxActionUrls)) {
    const ofName = idProblem(name, maxActionName);
    if (ofName !== undefined) yield { path: 'action_urls', message: `a name ${ofName}` };
    const ofUrl = urlProblem(url);
    if (ofUrl !== undefined) yield { path: `action_urls.${name.slice(0, maxActionName)}`, message: ofUrl };
  }
}

const timeProblem = (atMs: number, nowMs: number): string | undefined => {
  if (Number.isNaN(atMs) || atMs < earliestMs) return 'must be a time from the year 2000 on';
  return atMs > nowMs + maxAheadMs ? 'must not be more than a day in the future' : undefined;
};

const typeProblem = (type: string): string | undefined => {
  if (!isEventTypeName(type)) {
    return 'must be letters, digits, _ and -, in parts separated by full stops, at most 128 characters';
  }
  return isOperational(type) ? `must not begin with ${operationalPrefix}: only Bellwire itself emits these` : undefined;
};

function* fieldProblems(event: PublishRequest, { nowMs, keySubject }: CheckEventOptions): Generator<FieldProblem> {
  const ofType = typeProblem(event.type);
  if (ofType !== undefined) yield { path: 'type', message: ofType };
  const ids = { subject: event.subject, idempotency_key: event.idempotencyKey, ordering_key: event.orderingKey };
  for (const [path, id] of Object.entries(ids)) {
    const message = id === undefined ? undefined : idProblem(id, maxIdLength);
    if (message !== undefined) yield { path, message };
  }
  if (keySubject !== undefined && event.subject !== undefined && event.subject !== keySubject) {
    yield { path: 'subject', message: 'must be the subject of the API key, or absent' };
  }
  const ofTime = event.occurredAt === undefined ? undefined : timeProblem(event.occurredAt.getTime(), nowMs);
  if (ofTime !== undefined) yield { path: 'occurred_at', message: ofTime };
  yield* actionUrlProblems(event.actionUrls);
}

const tooLarge = (data: string, limit: number): boolean =>
  data.length > limit || (data.length * 3 > limit && Buffer.byteLength(data) > limit);

/**
 * Checks one event by itself.
 *
 * @throws Fault PAYLOAD_TOO_LARGE, or INVALID_FIELD with every field that breaks a rule
 */
export const checkEvent = (event: PublishRequest, options: CheckEventOptions): CheckedEvent => {
  const { maxPayloadBytes, keySubject } = options;
  if (tooLarge(event.data, maxPayloadBytes)) {
    throw new Fault('PAYLOAD_TOO_LARGE', `The data is over the limit of ${maxPayloadBytes} bytes.`);
  }
  const problems = [...fieldProblems(event, options)];
  let data: MinifiedJson | undefined;
  try {
    data = minifyJson(event.data);
  } catch (error) {
    if (!(error instanceof JsonRuleBroken)) throw error;
    problems.push({ path: 'data', message: error.message });
  }
  if (data === undefined || problems.length > 0) throw invalidFields(problems);
  return {
    type: event.type,
    data,
    subject: keySubject ?? event.subject,
    idempotencyKey: event.idempotencyKey,
    orderingKey: event.orderingKey,
    // Whole milliseconds: what is finer has no place in the record.
    occurredAtMs: event.occurredAt === undefined ? undefined : Math.floor(event.occurredAt.getTime()),
    actionUrls: event.actionUrls,
  };
};
