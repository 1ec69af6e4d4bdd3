import { connectBellwire, type OutgoingEvent } from '@bellwire/client';
import { z } from 'zod';
import { newCounts, publishAll } from '../../ledger/publishing.ts';
import { apiOf, created, createdKey, type Api } from '../../target/api.ts';
import { allDeliveries } from '../../target/deliveries.ts';
import type { Target } from '../../target/start-target.ts';
import { openMailbox, type Mailbox, type MailboxCounts } from './mailbox.ts';
import { systems, type System } from './systems.ts';
import { settled } from './arrivals.ts';

/** Of one system, by ids. */
export interface SystemResult extends MailboxCounts {
  system: string;
  types: number;
  /** Events that were acknowledged. */
  published: number;
  /** For each of them, one to the webhook of its user. */
  owed: number;
  /** Accepted by the receiver, without repeats. */
  delivered: number;
  lost: number;
  duplicates: number;
  /** Events of which audit does not say that they were delivered, once. */
  notShown: number;
  /** From the first publish to the last request. */
  afterMs: number;
  complaint: string;
}

interface Prepared {
  system: System;
  mailbox: Mailbox;
  types: number;
  /** For the tenant, to read. */
  api: Api;
  publishingKey: string;
  eventOf(n: number): OutgoingEvent;
}

const owner = 'user_1';
const bystander = 'user_2';
const auditLimitMs = 30_000;

const catalogue = z.object({ data: z.array(z.object({ name: z.string(), example: z.unknown() })) });
type Kinds = z.infer<typeof catalogue>['data'];

/** Types of a tenant that begins without any. */
const ownKinds: Kinds = ['invoice.paid', 'invoice.voided', 'customer.created'].map((name) => ({ name, example: null }));

/** The events of a system in turn, each with the example of its document; where there is none, with something made up. */
const eventsOf =
  ({ dataOf = (example) => example }: System, kinds: Kinds) =>
  (n: number) => {
    const { name = '', example } = kinds[n % kinds.length] ?? {};
    return { type: name, data: dataOf(example ?? { id: '1', title: `Grüße von ${name}` }, n) };
  };

/** A tenant with the webhooks of two users, each for all that is about him, and somebody who publishes. */
const prepare = async (target: Target, system: System, events: number): Promise<Prepared> => {
  const { dialect } = system;
  const admin = apiOf(target.rest, target.adminKey);
  const { id } = await admin.post('/v1/tenants', { name: dialect, dialect }, created);
  const keyWith = async (limits: { subject?: string; scopes?: string[] }): Promise<string> =>
    (await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test', ...limits }, createdKey)).key;
  const api = apiOf(target.rest, await keyWith({}));
  const { data: catalogued } = await api.get('/v1/event-types?limit=100', catalogue);
  const kinds = catalogued.length > 0 ? catalogued : ownKinds;

  const eventOf = eventsOf(system, kinds);
  const nameOf = (type: string, data: string): string => `${type} ${data}`;
  const published = new Set(
    Array.from({ length: events }, (_, n) => eventOf(n)).map(({ type, data }) => nameOf(type, JSON.stringify(data))),
  );
  const isPublished = (type: string, data: string): boolean => published.has(nameOf(type, data));
  const mailbox = await openMailbox({ system, owner, isPublished });
  for (const subject of [owner, bystander]) {
    const user = apiOf(target.rest, await keyWith({ subject }));
    const secret = `whsec_${Buffer.from(`a secret that only ${subject} has`).toString('base64')}`;
    const wanted = { url: mailbox.url(subject), types: kinds.map(({ name }) => name), secret };
    // Some systems send a test before they answer.
    mailbox.verify(subject, secret);
    mailbox.verify(subject, await system.makeWebhook(user, wanted));
  }
  return {
    system,
    mailbox,
    types: kinds.length,
    api,
    publishingKey: await keyWith({ scopes: ['events:publish'] }),
    eventOf: (n) => ({ ...eventOf(n), subject: owner }),
  };
};

/** How many of the events audit does not show as delivered, once it has caught up. */
const notShownOf = async (api: Api, eventIds: ReadonlySet<string>): Promise<number> => {
  const endsAt = Date.now() + auditLimitMs;
  for (;;) {
    const shown = (await allDeliveries(api)).filter(
      ({ event_id, status }) => status === 'delivered' && eventIds.has(event_id),
    );
    const notShown = Math.abs(eventIds.size - shown.length);
    if (notShown === 0 || Date.now() > endsAt) return notShown;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const load = async (target: Target, prepared: Prepared, events: number): Promise<SystemResult> => {
  const { system, mailbox, types, api, publishingKey, eventOf } = prepared;
  const { arrivals } = mailbox;
  const client = connectBellwire({ address: target.grpc.ingestion, key: publishingKey });
  const startedAtMs = Date.now();
  const counts = newCounts();
  await publishAll(client, events, counts, eventOf).finally(() => client.close());
  const owed = counts.accepted.size;
  await settled(arrivals, owed);
  return {
    system: system.dialect,
    types,
    published: counts.accepted.size,
    owed,
    delivered: arrivals.distinct,
    ...mailbox.counts,
    lost: owed - arrivals.distinct,
    duplicates: arrivals.arrived - arrivals.distinct,
    notShown: await notShownOf(api, new Set(counts.accepted.keys())),
    afterMs: arrivals.lastAtMs - startedAtMs,
    complaint: mailbox.complaint ?? '',
  };
};

/**
 * All systems on one Bellwire at the same time.
 *
 * @param events of each system; at least as many as it has types, so that each is sent
 */
export const runSystems = async (target: Target, events: number): Promise<readonly SystemResult[]> => {
  const prepared: Prepared[] = [];
  try {
    for (const system of systems) prepared.push(await prepare(target, system, events));
    return await Promise.all(prepared.map((each) => load(target, each, events)));
  } finally {
    await Promise.all(prepared.map(({ mailbox }) => mailbox.close()));
  }
};

/** Duplicates are counted, and allowed: they must only be recognisable. */
export const isSystemFine = (result: SystemResult, events: number): boolean =>
  result.published === events &&
  result.rejected === 0 &&
  result.malformed === 0 &&
  result.astray === 0 &&
  result.lost === 0 &&
  result.notShown === 0;
