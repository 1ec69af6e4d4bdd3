import { isOperational, operationalTypes } from '@bellwire/domain';
import type { FieldProblem } from '@bellwire/errors';

const pattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?$/;

/** Nobody else publishes below that prefix, so a pattern there that matches none of ours never matches. */
const isHopeless = (text: string): boolean =>
  isOperational(text) && !Object.values(operationalTypes).some(compileEventTypes([text]));

/**
 * `task.created`, `task.*` or `*`; at most 128 characters; of operational events those that there are. What is wrong with
 * one, or undefined.
 */
export const validateEventTypePattern = (text: string, path: string = 'event_types'): FieldProblem | undefined => {
  if (text === '*') return undefined;
  if (text.length > 128 || !pattern.test(text)) {
    const message = 'must be an event type such as task.created, a group such as task.*, or *; at most 128 characters';
    return { path, message };
  }
  const known = Object.values(operationalTypes).join(', ');
  return isHopeless(text) ? { path, message: `must be one of ${known}, or a group of them` } : undefined;
};

/**
 * Whether an event type is among those that an endpoint asked for. An exact name matches itself; `task.*` matches one
 * or more further segments (`task.created`, `task.item.created`, not `task`); `*`, like an empty list, matches all but
 * operational events, which only a name or a group of theirs asks for. Exact names cost one set lookup, however many there
 * are.
 */
export const compileEventTypes = (patterns: readonly string[]): ((type: string) => boolean) => {
  const wantsAll = patterns.length === 0 || patterns.includes('*');
  const names = new Set(patterns.filter((text) => !text.endsWith('.*')));
  const prefixes = patterns.filter((text) => text.endsWith('.*')).map((text) => text.slice(0, -1));
  const isNamed = (type: string): boolean =>
    names.has(type) || prefixes.some((prefix) => type.length > prefix.length && type.startsWith(prefix));
  return wantsAll ? (type) => !isOperational(type) || isNamed(type) : isNamed;
};
