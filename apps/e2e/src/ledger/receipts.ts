import { z } from 'zod';
import type { ReceivedRequest } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { hashOf } from './intents.ts';

/** skewed: genuine, and its time is more than five minutes from ours. */
export type Signature = 'good' | 'skewed' | 'bad';

/** One request as a receiver got it. */
export interface Receipt {
  /** Number of the endpoint within the run. */
  readonly endpoint: number;
  readonly eventId: string;
  readonly atMs: number;
  readonly bodyHash: string;
  /** Of the text of `data` in the body; empty where there is none. */
  readonly dataHash: string;
  readonly signature: Signature;
  /** What it was answered; undefined: nothing. */
  readonly status: number | undefined;
}

/** The receivers' ledger: all that ever arrived, in the order of its arrival. */
export interface Receipts {
  note(receipt: Receipt): void;
  readonly all: readonly Receipt[];
  /** The time of the last one, 0 while there is none. */
  readonly lastAtMs: number;
  /** How many (endpoint, event) have been answered with a 2xx. */
  readonly taken: number;
  /** When the event was first answered with a 2xx at the endpoint. */
  firstTaken(endpoint: number, eventId: string): number | undefined;
}

export const isTaken = ({ status }: Receipt): boolean => status !== undefined && status >= 200 && status < 300;

export const pairOf = (endpoint: number, eventId: string): string => `${endpoint} ${eventId}`;

export const openReceipts = (): Receipts => {
  const all: Receipt[] = [];
  const taken = new Map<string, number>();
  return {
    note: (receipt) => {
      all.push(receipt);
      const pair = pairOf(receipt.endpoint, receipt.eventId);
      if (isTaken(receipt) && !taken.has(pair)) taken.set(pair, receipt.atMs);
    },
    all,
    get lastAtMs() {
      return all.at(-1)?.atMs ?? 0;
    },
    get taken() {
      return taken.size;
    },
    firstTaken: (endpoint, eventId) => taken.get(pairOf(endpoint, eventId)),
  };
};

/** By an implementation that is not ours. */
const signatureOf = (body: string, headers: Readonly<Record<string, string>>, secret: string): Signature => {
  try {
    new Webhook(secret).verify(body, headers);
    return 'good';
  } catch (error) {
    return error instanceof Error && /timestamp too (old|new)/.test(error.message)
      ? signedBefore(body, headers, secret)
      : 'bad';
  }
};

const signedBefore = (body: string, headers: Readonly<Record<string, string>>, secret: string): Signature => {
  const at = new Date(Number(headers['webhook-timestamp']) * 1000);
  const expected = new Webhook(secret).sign(headers['webhook-id'] ?? '', at, body);
  return (headers['webhook-signature'] ?? '').split(' ').includes(expected) ? 'skewed' : 'bad';
};

const envelope = z.object({ data: z.unknown() });

const dataHashOf = (body: string): string => {
  try {
    return hashOf(JSON.stringify(envelope.parse(JSON.parse(body)).data));
  } catch {
    return '';
  }
};

/** @param secret of the endpoint, known since it was made */
export const receiptOf = (
  request: ReceivedRequest,
  { endpoint, secret, status }: { endpoint: number; secret: string; status: number | undefined },
): Receipt => {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const body = request.body.toString('utf8');
  return {
    endpoint,
    eventId: headers['webhook-id'] ?? '',
    atMs: request.receivedAtMs,
    bodyHash: hashOf(request.body),
    dataHash: dataHashOf(body),
    signature: signatureOf(body, headers, secret),
    status,
  };
};
