import { z } from 'zod';
import { AuditServiceService as Audit, ListEventsRequest, type Event } from '@bellwire/contracts';
import type { Services } from '../../app.ts';
import { JsonText } from '../../json-text.ts';
import { noBody, noQuery, queryNumber } from '../../resources/members.ts';
import { subjectOf, type DialectRoute } from '../dialect-route.ts';
import type { Who } from '../who-is.ts';
import { notificationType } from './notification-type.ts';
import { changeSettings, readSettings, type UserSettings } from './user-settings.ts';

/** Notifications of the user, sent or not. */
const eventsOf = async ({ audit }: Pick<Services, 'audit'>, who: Who, part: Partial<ListEventsRequest>) => {
  const wanted = { type: notificationType, subject: subjectOf({ who }), withTotal: true, ...part };
  const { events, total, asOf } = await audit.unary(Audit.listEvents, ListEventsRequest.fromPartial(wanted), who);
  if (total === undefined) throw new Error('audit left out the total');
  return { events, total, asOf };
};

/** As published, numbers and order of members untouched. */
const toNotification = ({ data }: Event): JsonText => new JsonText(data);

const notifications = z.array(z.unknown());
const listed = z.object({ notifications, total: z.int(), limit: z.int(), offset: z.int() });

const listNotifications: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url: '/api/v1/notifications',
    schema: {
      querystring: z.strictObject({
        limit: queryNumber(1, 100).default(50),
        offset: queryNumber(0, 10_000).default(0),
      }),
      response: { 200: listed },
    },
    handler: async ({ who, query: { limit, offset } }) => {
      const { events, total } = await eventsOf(services, who, { limit, offset });
      return { notifications: events.map(toNotification), total, limit, offset };
    },
  });

const checkUrl = '/api/v1/notifications/check';
const checked = z.object({ notifications, total: z.int() });
/** The newest of them: a client that was away for long has the list for the others. */
const mostChecked = 100;

/** What was accepted since the last check, as far as audit knows of everything, so that no later one comes before it. */
const newSince = async (services: Pick<Services, 'audit'>, who: Who, { checked_until }: UserSettings) => {
  const since = checked_until === undefined ? undefined : new Date(checked_until);
  const { asOf: until } = await eventsOf(services, who, { since, limit: 1 });
  const isLater = until !== undefined && (since === undefined || until > since);
  if (!isLater) return { answer: { notifications: [], total: 0 }, checked_until };
  const { events, total } = await eventsOf(services, who, { since, until, limit: mostChecked });
  return { answer: { notifications: events.map(toNotification), total }, checked_until: until.toISOString() };
};

const check: DialectRoute = (app, services) =>
  app.route({
    method: 'POST',
    url: checkUrl,
    schema: { querystring: noQuery, body: noBody, response: { 200: checked } },
    handler: ({ who }) =>
      changeSettings(services, who, async (before) => {
        const { answer, checked_until } = await newSince(services, who, before);
        return { settings: { ...before, checked_until }, result: answer };
      }),
  });

/** Looks without moving on: the next check tells them again. */
const lookAtNew: DialectRoute = (app, services) =>
  app.route({
    method: 'GET',
    url: checkUrl,
    schema: { querystring: noQuery, response: { 200: checked } },
    handler: async ({ who }) => (await newSince(services, who, await readSettings(services, who))).answer,
  });

/** What the user was notified of. */
export const notificationRoutes: readonly DialectRoute[] = [listNotifications, check, lookAtNew];
