import type { FieldProblem } from '@bellwire/errors';

const maxHeaders = 20;
const maxBytes = 4096;

/** A token (RFC 9110, section 5.6.2). */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Printable ASCII without blanks at the ends (RFC 9110, section 5.5, without tabs and obs-text). */
const fieldValue = /^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/;

/** What connections, signatures, traces and the sender itself set (research/operations.md 2.3). */
const reserved = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'accept-encoding',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'expect',
  'user-agent',
  'cookie',
  'traceparent',
  'tracestate',
  'baggage',
]);
const reservedPrefixes = ['proxy-', 'webhook-', 'x-bellwire-'];

const nameProblem = (name: string, ofDialect: ReadonlySet<string>): string | undefined => {
  if (!token.test(name)) return 'is not a header name';
  const lower = name.toLowerCase();
  const isReserved = reserved.has(lower) || reservedPrefixes.some((prefix) => lower.startsWith(prefix));
  return isReserved || ofDialect.has(lower) ? 'is set by Bellwire and cannot be replaced' : undefined;
};

/**
 * What is wrong with custom headers.
 *
 * @param ofDialect lower-case names that the tenant's dialect sets
 */
export const headerProblems = (
  headers: Readonly<Record<string, string>>,
  ofDialect: ReadonlySet<string>,
): FieldProblem[] => {
  const entries = Object.entries(headers);
  const problems: FieldProblem[] = [];
  if (entries.length > maxHeaders) problems.push({ path: 'headers', message: `must be at most ${maxHeaders}` });
  const bytes = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > maxBytes) problems.push({ path: 'headers', message: `must have at most ${maxBytes} bytes together` });
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const path = `headers.${name}`;
    const wrongName = nameProblem(name, ofDialect);
    if (wrongName !== undefined) problems.push({ path, message: wrongName });
    if (seen.has(name.toLowerCase())) problems.push({ path, message: 'is given twice' });
    seen.add(name.toLowerCase());
    if (!fieldValue.test(value)) {
      problems.push({ path, message: 'must be printable ASCII, without blanks at the beginning or the end' });
    }
  }
  return problems;
};
