/** A request as the receiver reads it: a view on the bytes that came. */
export interface Request {
  path: string;
  head: string;
  body: Buffer;
}

const headEnd = Buffer.from('\r\n\r\n');

/** The value of a header that our senders write in lower or in canonical case. */
export const headerOf = (head: string, name: string): string | undefined => {
  const wanted = `\r\n${name}:`;
  let at = head.indexOf(wanted);
  if (at < 0) at = head.toLowerCase().indexOf(wanted);
  if (at < 0) return undefined;
  const end = head.indexOf('\r\n', at + 2);
  return head.slice(at + wanted.length, end < 0 ? undefined : end).trim();
};

/**
 * Reads HTTP/1.1 requests with a Content-Length out of one connection, as little of them as a receiver needs: the bench
 * shares its machine with what it measures.
 *
 * @returns takes in bytes, calls `onRequest` for each request that is complete
 */
export const makeHttpParser = (onRequest: (request: Request) => void): ((chunk: Buffer) => void) => {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const headLength = pending.indexOf(headEnd);
      if (headLength < 0) return;
      const head = pending.toString('latin1', 0, headLength);
      const bodyAt = headLength + headEnd.length;
      const endsAt = bodyAt + Number(headerOf(head, 'content-length') ?? 0);
      if (pending.length < endsAt) return;
      const pathAt = head.indexOf(' ') + 1;
      onRequest({ path: head.slice(pathAt, head.indexOf(' ', pathAt)), head, body: pending.subarray(bodyAt, endsAt) });
      pending = pending.subarray(endsAt);
    }
  };
};
