// JSON as text: data, filters, schemas and examples pass through the gateway as they were written, numbers (1.0, 1e5,
// 12345678901234567890), escapes and key order untouched. JSON.parse followed by JSON.stringify would change all of them,
// JSON.rawJSON takes primitives only, and an offset-keeping parser (jsonc-parser) recurses once per level of nesting.
// So JSON.parse says whether a text is valid, and what is below only finds the ends of values in valid text.

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openings: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closings: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** The white space of RFC 8259, section 2. */
const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Position after the string whose opening quote is at `start`. */
const afterString = (json: string, start: number): number => {
  let at = start + 1;
  for (let code = json.charCodeAt(at); code !== quote; code = json.charCodeAt(at)) at += code === backslash ? 2 : 1;
  return at + 1;
};

/** Position after the member or item that begins at `start`, in minified text. */
const afterValue = (json: string, start: number): number => {
  let depth = 0;
  for (let at = start; ;) {
    const code = json.charCodeAt(at);
    if (depth === 0 && at > start && (code === comma || closings.has(code))) return at;
    if (openings.has(code)) depth++;
    else if (closings.has(code)) depth--;
    at = code === quote ? afterString(json, at) : at + 1;
  }
};

/** Valid JSON text without the white space around its tokens; nothing else changes. */
export const minify = (json: string): string => {
  let minified = '';
  let copied = 0;
  for (let at = 0; at < json.length;) {
    const code = json.charCodeAt(at);
    if (isSpace(code)) {
      minified += json.slice(copied, at);
      copied = ++at;
    } else {
      at = code === quote ? afterString(json, at) : at + 1;
    }
  }
  return minified + json.slice(copied);
};

/** The members of a JSON object. */
export interface Members {
  /** Minified text by name. Of members with the same name the last one counts, as for JSON.parse. */
  texts: ReadonlyMap<string, string>;
  /** Names that are given more than once. */
  repeated: readonly string[];
}

/** @param object valid JSON text of an object */
export const membersOf = (object: string): Members => {
  const json = minify(object);
  const texts = new Map<string, string>();
  const repeated = new Set<string>();
  for (let at = 1; json.charCodeAt(at) === quote;) {
    const valueStart = afterString(json, at) + 1;
    const valueEnd = afterValue(json, valueStart);
    const name = String(JSON.parse(json.slice(at, valueStart - 1)));
    if (texts.has(name)) repeated.add(name);
    texts.set(name, json.slice(valueStart, valueEnd));
    at = valueEnd + 1;
  }
  return { texts, repeated: [...repeated] };
};

/** JSON text that stands for a value in an answer: `writeJson` puts it in verbatim. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** As JSON.stringify, except that a JsonText is written as it is. */
export const writeJson = (value: unknown): string => {
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`);
  return `{${members.join(',')}}`;
};
