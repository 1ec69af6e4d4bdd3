import { startReceiver, type DocumentReceiver, type ReceivedRequest } from '@bellwire/testing';
import { countArrivals, type Arrivals } from './arrivals.ts';
import type { System } from './systems.ts';

/** The receiver of a system: verifies every request with the code of its document, and counts. */
export interface Mailbox {
  url(user: string): string;
  /** From now on what comes for the user is verified with the secret. */
  verify(user: string, secret: string): void;
  /** What was accepted for the owner, by the ids that receivers tell duplicates by. */
  readonly arrivals: Arrivals;
  readonly counts: Readonly<MailboxCounts>;
  /** Of what is wrong, the first that was said. */
  readonly complaint: string | undefined;
  close(): Promise<void>;
}

export interface MailboxCounts {
  /** Refused by the code of the document. */
  rejected: number;
  /** Accepted by it, but not as the document describes requests, or not what was published. */
  malformed: number;
  /** For another user than the one whom the events are about. */
  astray: number;
  /** Sent by the system itself when a webhook is made. */
  tests: number;
}

export interface MailboxOptions {
  system: System;
  /** The user whom all events are about. */
  owner: string;
  /** Whether an event of this type was published with this data, as JSON text. */
  isPublished(type: string, data: string): boolean;
}

const testData = '{"test":true}';

const headersOf = ({ headers }: ReceivedRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );

const readJson = (text: string): unknown => JSON.parse(text);

export const openMailbox = async ({ system, owner, isPublished }: MailboxOptions): Promise<Mailbox> => {
  const counts: MailboxCounts = { rejected: 0, malformed: 0, astray: 0, tests: 0 };
  const arrivals = countArrivals();
  const receivers = new Map<string, DocumentReceiver>();
  let complaint: string | undefined;

  /** @throws Error that says what is wrong */
  const read = (user: string, headers: Record<string, string>, body: string): void => {
    const { id, types, subject = user, data } = system.message.parse({ headers, body: readJson(body) });
    const text = JSON.stringify(data);
    if (text === testData) {
      counts.tests++;
      return;
    }
    if (user !== owner) {
      counts.astray++;
      return;
    }
    const [type = ''] = types;
    if (subject !== user) throw new Error(`about ${subject}, sent to ${user}`);
    if (types.some((each) => each !== type)) throw new Error(`of the types ${types.join(', ')}`);
    if (!isPublished(type, text)) throw new Error(`a ${type} that was not published`);
    arrivals.note(id);
  };

  const answer = (request: ReceivedRequest): number => {
    const user = request.path.slice(1);
    const headers = headersOf(request);
    const body = request.body.toString();
    let status = 500;
    try {
      const receive = receivers.get(user);
      if (receive === undefined) throw new Error(`${user} has no webhook`);
      // A receiver that says nothing accepts.
      status = receive({ headers, body }) || 200;
      if (status >= 300) throw new Error(`answered ${status}`);
      read(user, headers, body);
    } catch (error) {
      if (status >= 300) counts.rejected++;
      else counts.malformed++;
      complaint ??= String(error);
    }
    return status;
  };

  const server = await startReceiver({ keepLast: 0, answer });
  return {
    url: (user) => server.url(`/${user}`),
    verify: (user, secret) => void receivers.set(user, system.receiverWith(secret)),
    arrivals,
    counts,
    get complaint() {
      return complaint;
    },
    close: () => server.close(),
  };
};
