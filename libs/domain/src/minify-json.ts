/** Arrays and objects inside each other at most: deeper JSON breaks recursive parsers of receivers. */
export const maxDepth = 64;

/** What is wrong with a JSON text, as a rule for people. */
export class JsonRuleBroken extends Error {
  override readonly name = 'JsonRuleBroken';
}

export interface MinifiedJson {
  /** The text as published without insignificant whitespace: numbers, escapes and key order untouched. */
  readonly text: string;
  readonly value: unknown;
}

const quote = 0x22;
const backslash = 0x5c;

/** Position after the closing quote of the string that opens at `start`, in JSON that is known to be valid. */
const endOfString = (json: string, start: number): number => {
  for (let at = json.indexOf('"', start + 1); ; at = json.indexOf('"', at + 1)) {
    let slashes = 0;
    while (json.charCodeAt(at - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
};

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
const opens = (code: number): boolean => code === 0x5b || code === 0x7b;
const closes = (code: number): boolean => code === 0x5d || code === 0x7d;

/** One pass over valid JSON; the same string where nothing is to be left out. */
const strip = (json: string): string => {
  const kept: string[] = [];
  let keptTo = 0;
  let depth = 0;
  for (let at = 0; at < json.length;) {
    const code = json.charCodeAt(at);
    if (code === quote) {
      at = endOfString(json, at);
      continue;
    }
    if (isSpace(code)) {
      if (keptTo < at) kept.push(json.slice(keptTo, at));
      keptTo = at + 1;
    } else if (opens(code)) {
      if (++depth > maxDepth) throw new JsonRuleBroken(`must not nest deeper than ${maxDepth} levels`);
    } else if (closes(code)) depth--;
    at++;
  }
  if (keptTo === 0) return json;
  kept.push(json.slice(keptTo));
  return kept.join('');
};

const parse = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch (error) {
    // V8 quotes the text in some messages: only the place is passed on.
    const [, position] = /position (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
    throw new JsonRuleBroken(
      position === undefined ? 'must be JSON text' : `must be JSON text: wrong at character ${position}`,
    );
  }
};

const mayEscapeSurrogate = /\\u[dD][89a-fA-F]/;
// In valid JSON every backslash begins an escape, so that this walks them one by one.
const escapes = /\\(?:u([0-9a-fA-F]{4})|.)/g;

const escapesHalfPair = (json: string): boolean => {
  let highEndsAt = -1;
  for (const { 0: escape, 1: hex = '0', index } of json.matchAll(escapes)) {
    const code = Number.parseInt(hex, 16);
    const isLow = code >= 0xdc00 && code <= 0xdfff;
    if (highEndsAt === -1 ? isLow : !isLow || index !== highEndsAt) return true;
    highEndsAt = code >= 0xd800 && code <= 0xdbff ? index + escape.length : -1;
  }
  return highEndsAt !== -1;
};

/**
 * Checks JSON text (RFC 8259) and takes the whitespace out that means nothing. Linear in the length.
 *
 * Duplicate names in an object are kept as published. Half a surrogate pair is refused, raw or escaped: it is no text in
 * any encoding (RFC 8259, section 8.2), and receivers in other languages fail on it.
 *
 * @throws JsonRuleBroken
 */
export const minifyJson = (json: string): MinifiedJson => {
  if (!json.isWellFormed()) throw new JsonRuleBroken('must be valid Unicode');
  const value = parse(json);
  if (mayEscapeSurrogate.test(json) && escapesHalfPair(json))
    throw new JsonRuleBroken('must not escape half a surrogate pair');
  return { text: strip(json), value };
};
