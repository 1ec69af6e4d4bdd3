import type { Job, Rendered } from './evaluate.ts';

// What a process that evaluates and its parent say to each other. Each waits for the other, so nothing needs a number.

/** Said once by the process, when it can take a job. */
export const ready = { ready: true } as const;

const has = <Name extends string>(value: object, name: Name): value is Record<Name, string> =>
  Object.entries(value).some(([key, member]) => key === name && typeof member === 'string');

const isObject = (message: unknown): message is object => typeof message === 'object' && message !== null;

export const isJob = (message: unknown): message is Job =>
  isObject(message) && has(message, 'expression') && has(message, 'body') && has(message, 'eventType');

export const isRendered = (message: unknown): message is Rendered =>
  isObject(message) && (has(message, 'body') || has(message, 'failure'));
