/** Of the headers of an answer, as many are kept; their size is bounded by the parser (16 KiB). */
const maxHeaders = 100;

/** A year: more than any deadline, and still a safe number. */
const maxRetryAfterMs = 365 * 24 * 60 * 60 * 1000;

type ReceivedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What a receiver sent, made harmless: C0 controls (but tab and line ends) and DEL become their pictures (U+2400), C1
 * controls and bidirectional overrides U+FFFD. Each stays one character, Postgres takes the text, a terminal obeys nothing.
 */
export const withoutControls = (text: string): string =>
  text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\t' || character === '\n' || character === '\r') return character;
    if (character < ' ') return String.fromCharCode(0x2400 + character.charCodeAt(0));
    return character === '\u007f' ? '\u2421' : '\ufffd';
  });

/** Lower-case names, several values joined by a comma, at most 100. */
export const keptHeaders = (received: ReceivedHeaders): Readonly<Record<string, string>> => {
  const kept: [string, string][] = [];
  for (const [name, value] of Object.entries(received)) {
    if (kept.length === maxHeaders) break;
    if (value === undefined) continue;
    kept.push([name.toLowerCase(), withoutControls(typeof value === 'string' ? value : value.join(', '))]);
  }
  return Object.fromEntries(kept);
};

/** The first value of a header, as the parser gives it. */
export const firstValue = (received: ReceivedHeaders, name: string): string | undefined => {
  const value = received[name];
  return typeof value === 'string' ? value : value?.[0];
};

/**
 * The body as far as it is kept: UTF-8, whatever the type says, with a note at the end where it was cut.
 * `cutAt` is the number of bytes kept of a longer body.
 */
export const keptText = (chunks: readonly Uint8Array[], cutAt: number | undefined): string => {
  if (chunks.length === 0) return '';
  const bytes = Buffer.concat(chunks);
  if (cutAt === undefined) return withoutControls(bytes.toString());
  // Streaming leaves out a character that the cut went through.
  return `${withoutControls(new TextDecoder().decode(bytes, { stream: true }))}\n… (cut after ${cutAt} bytes)`;
};

/** IMF-fixdate, RFC 850 and asctime: the three forms of RFC 9110, section 5.6.7. */
const httpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d{2}:\d{2}:\d{2}/;

/**
 * Retry-After (RFC 9110, section 10.2.3) in milliseconds from now: seconds or a date. What lies in the past is 0, what
 * cannot be read is undefined, more than a year is a year.
 */
export const parseRetryAfter = (value: string | undefined, nowMs: number): number | undefined => {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^-?\d+$/.test(text)) return Math.min(Math.max(Number(text) * 1000, 0), maxRetryAfterMs);
  if (!httpDate.test(text)) return undefined;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at - nowMs, 0), maxRetryAfterMs);
};
