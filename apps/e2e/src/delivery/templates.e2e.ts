import { describe, expect, test } from '@jest/globals';
import type { Receiver } from '@bellwire/testing';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import {
  apiOf,
  created,
  createdEndpoint,
  createdKey,
  delivery,
  event,
  newTenant,
  nothing,
  until,
  type Api,
} from '../target/api.ts';
import type { Target } from '../target/start-target.ts';
import { useTarget } from '../target/use-target.ts';

let suite: Target;
let receiver: Receiver;
useTarget((running) => ({ target: suite, receiver } = running));

const contribuxTenant = async (): Promise<Api> => {
  const admin = apiOf(suite.rest, suite.adminKey);
  const wanted = { name: 'contribux', dialect: 'contribux', event_type_policy: 'open' };
  const { id } = await admin.post('/v1/tenants', wanted, created);
  const { key } = await admin.post(`/v1/tenants/${id}/api-keys`, { name: 'test' }, createdKey);
  return apiOf(suite.rest, key);
};

const endpointAt = (api: Api, path: string, payload_template: object | undefined) =>
  api.post('/v1/endpoints', { url: receiver.url(path), payload_template }, createdEndpoint);

/** What has come to a path, once there are so many. */
const arrivedAt = async (path: string, count = 1) => {
  const isThere = ({ path: at }: { path: string }): boolean => at === path;
  const requests = await receiver.received((all) => all.filter(isThere).length >= count);
  return requests.filter(isThere);
};

const jsonAt = async (path: string): Promise<unknown> => {
  const [request] = await arrivedAt(path);
  expect(request?.headers['content-type']).toBe('application/json');
  return JSON.parse(request?.body.toString() ?? '');
};

/** The delivery of an event to an endpoint once it has this status. */
const deliveryOf = (api: Api, eventId: string, endpointId: string, status: string) =>
  until(`the delivery to be ${status}`, async () => {
    const shown = await api.raw('GET', `/v1/events/${eventId}`);
    const planned = shown.status === 200 ? event.parse(shown.json).deliveries : [];
    const id = planned.find((each) => each.endpoint_id === endpointId)?.id;
    const { json, status: code } = await api.raw('GET', `/v1/deliveries/${id}`);
    const found = code === 200 ? delivery.parse(json) : undefined;
    return found?.status === status ? found : undefined;
  });

describe('a payload template', () => {
  test('makes messages for Slack and Discord of the events of contribux', async () => {
    const api = await contribuxTenant();
    await endpointAt(api, '/slack', { preset: 'slack' });
    const discord = { url: receiver.url('/discord'), payload_template: { preset: 'discord' } };
    await api.post('/v1/endpoints', { ...discord, event_types: ['achievement.earned'] }, createdEndpoint);
    const matched = {
      opportunity: {
        title: 'Add TypeScript support',
        difficulty: 'intermediate',
        estimated_hours: 6,
        repository: { full_name: 'awesome/ui-library' },
      },
      match_analysis: { overall_score: 0.89, reasons: ['Perfect match', 'Active community'] },
    };
    const action_urls = { view_opportunity: 'https://contribux.ai/o', start_tracking: 'https://contribux.ai/o/start' };
    await api.post('/v1/events', { type: 'opportunity.matched', data: matched, action_urls }, created);
    expect(await jsonAt('/slack')).toEqual({
      text: '🎯 New Opportunity Match!',
      attachments: [
        {
          color: 'good',
          title: 'Add TypeScript support',
          title_link: 'https://contribux.ai/o',
          fields: [
            { title: 'Repository', value: 'awesome/ui-library', short: true },
            { title: 'Match Score', value: '89%', short: true },
            { title: 'Difficulty', value: 'intermediate', short: true },
            { title: 'Estimated Time', value: '6 hours', short: true },
          ],
          text: 'Perfect match\nActive community',
          actions: [
            { type: 'button', text: 'View Opportunity', url: 'https://contribux.ai/o', style: 'primary' },
            { type: 'button', text: 'Start Working', url: 'https://contribux.ai/o/start' },
          ],
        },
      ],
    });

    const achievement = { name: 'TypeScript Contributor', description: '5 of them', category: 'skill', rarity: 'rare' };
    const earned = { achievement, celebration: { message: '🎉 Congratulations!' } };
    await api.post('/v1/events', { type: 'achievement.earned', data: earned }, created);
    expect(await jsonAt('/discord')).toMatchObject({
      embeds: [
        {
          title: '🏆 Achievement Unlocked!',
          description: '🎉 Congratulations!',
          color: 0x00ff00,
          fields: [
            { name: 'TypeScript Contributor', value: '5 of them', inline: false },
            { name: 'Rarity', value: 'rare', inline: true },
            { name: 'Category', value: 'skill', inline: true },
          ],
        },
      ],
    });
  });

  test('of one’s own makes the body that is previewed, signed and sent, also as a test', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey);
    const payload_template = { expression: '{"text": "Order " & data.id, "total": $sum(data.lines.price)}' };
    const { id, secret } = await endpointAt(api, '/own', payload_template);
    expect(await api.get(`/v1/endpoints/${id}`, z.looseObject({}))).toMatchObject({ payload_template });

    const published = { type: 'order.paid', data: { id: 'o1', lines: [{ price: 1.5 }, { price: 2 }] } };
    const made = { text: 'Order o1', total: 3.5 };
    const preview = { payload_template, event: published };
    expect(await api.post('/v1/endpoints/preview-template', preview, z.unknown())).toEqual({ body: made });
    await api.post('/v1/events', published, created);
    const [request] = await arrivedAt('/own');
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    expect(new Webhook(secret).verify(request?.body.toString() ?? '', headers)).toEqual(made);
    expect(request?.body.toString()).toBe(JSON.stringify(made));

    await api.post(`/v1/endpoints/${id}/test`, { event_type: 'order.paid', data: published.data }, nothing);
    const [, sentAsTest] = await arrivedAt('/own', 2);
    expect(sentAsTest?.body.toString()).toBe(JSON.stringify(made));

    const changed = await api.raw('PATCH', `/v1/endpoints/${id}`, { payload_template: { expression: '{"a": ' } });
    expect(changed).toMatchObject({
      status: 400,
      json: { reason: 'INVALID_FIELD', fields: [{ path: 'payload_template.expression' }] },
    });
    expect((await api.raw('PATCH', `/v1/endpoints/${id}`, { payload_template: null })).status).toBe(200);
    await api.post('/v1/events', published, created);
    const [, , plain] = await arrivedAt('/own', 3);
    expect(JSON.parse(plain?.body.toString() ?? '')).toMatchObject(published);
  });

  test('that hangs hurts no other endpoint and no other tenant, and what it failed is delivered once it is mended', async () => {
    const { api } = await newTenant(suite.rest, suite.adminKey, 'hanging');
    const { api: other } = await newTenant(suite.rest, suite.adminKey, 'other');
    const hanging = await endpointAt(api, '/hanging', { expression: '$match(data.text, /(a+)+b/)' });
    await endpointAt(api, '/beside', undefined);
    await endpointAt(other, '/other', { preset: 'slack' });
    const data = { text: `${'a'.repeat(60)}!` };
    const startedAt = Date.now();
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => api.post('/v1/events', { type: 'order.paid', data }, created)),
    );
    await other.post('/v1/events', { type: 'order.paid', data }, created);
    await Promise.all([arrivedAt('/beside', 20), arrivedAt('/other')]);
    const tookMs = Date.now() - startedAt;
    console.log(`beside 20 events whose template hangs, all others arrived within ${tookMs} ms`);
    expect(tookMs).toBeLessThan(5000);

    const [first] = ids;
    const dead = await deliveryOf(api, first?.id ?? '', hanging.id, 'dead_lettered');
    expect(dead).toMatchObject({ reason: 'template_failed', attempt_count: 0, round: 1, attempts: [] });
    const letters = z.object({ data: z.array(z.looseObject({ id: z.string(), last_error: z.string().nullable() })) });
    const listed = await until('the dead letters', async () => {
      const { data: found } = await api.get('/v1/dead-letters', letters);
      return found.length === 20 ? found : undefined;
    });
    expect(new Set(listed.map(({ last_error }) => last_error?.slice(0, 17)))).toEqual(new Set(['payload template:']));
    const refused = await api.raw('POST', `/v1/deliveries/${dead.id}/redeliver`, {});
    expect(refused).toMatchObject({ json: { reason: 'TEMPLATE_FAILED' } });
    expect((await arrivedAt('/beside', 20)).length).toBe(20);

    await api.raw('PATCH', `/v1/endpoints/${hanging.id}`, { payload_template: { expression: '{"text": data.text}' } });
    await api.post(`/v1/deliveries/${dead.id}/redeliver`, {}, nothing);
    expect(await jsonAt('/hanging')).toEqual(data);
    expect(await deliveryOf(api, first?.id ?? '', hanging.id, 'delivered')).toMatchObject({
      id: dead.id,
      round: 2,
      attempt_count: 1,
    });
  });
});
