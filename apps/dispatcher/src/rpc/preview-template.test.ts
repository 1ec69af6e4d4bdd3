import { describe, expect, test } from '@jest/globals';
import { Tenant, type PreviewTemplateRequest } from '@bellwire/contracts';
import { standard } from '@bellwire/dialects';
import type { Principal } from '@bellwire/domain';
import type { Rendered, RenderRequest } from '@bellwire/templating';
import { makeBodyFor } from './body-for.ts';
import { makePreviewTemplate } from './preview-template.ts';

const nowMs = Date.UTC(2026, 0, 31, 12);
const tenant = Tenant.fromPartial({ id: 'ten_1', dialect: 'contribux' });
const principal = (scope: string): Principal => ({
  kind: 'tenant',
  keyId: 'key_1',
  tenantId: 'ten_1',
  scopes: new Set([scope]),
  subject: undefined,
});

const slack = { preset: 'slack', expression: '' };

const preview = (given: Partial<PreviewTemplateRequest>, rendered: Rendered, scope = 'endpoints:write') => {
  const asked: RenderRequest[] = [];
  const answer = makePreviewTemplate({
    view: { tenant: (id) => (id === 'ten_1' ? tenant : undefined), catchUp: async () => undefined },
    renderTemplate: async (request) => {
      asked.push(request);
      return rendered;
    },
    clock: { now: () => nowMs },
  })(
    { payloadTemplate: undefined, eventType: 'a.b', data: '{"n":1.0}', subject: undefined, actionUrls: {}, ...given },
    {
      principal: principal(scope),
      namedTenant: undefined,
      signal: new AbortController().signal,
    },
  );
  return { asked, answer };
};

describe('a preview', () => {
  test('is what the template makes of the event in the envelope of the tenant', async () => {
    const given = {
      payloadTemplate: { preset: '', expression: 'data' },
      subject: 'u1',
      actionUrls: { view: 'https://example.org' },
    };
    const { asked, answer } = preview(given, { body: '{"n":1}' });
    expect(await answer).toEqual({ body: '{"n":1}' });
    expect(asked).toEqual([
      {
        tenantId: 'ten_1',
        expression: 'data',
        eventType: 'a.b',
        body: '{"event":"a.b","timestamp":"2026-01-31T12:00:00Z","user_id":"u1","data":{"n":1.0},"action_urls":{"view":"https://example.org"}}',
      },
    ]);
  });

  test.each<[string, Partial<PreviewTemplateRequest>, string]>([
    ['no template', {}, 'payload_template'],
    ['a wrong expression', { payloadTemplate: { preset: '', expression: '(' } }, 'payload_template.expression'],
    ['a wrong type', { payloadTemplate: slack, eventType: 'a b' }, 'event.type'],
    ['data that is no JSON', { payloadTemplate: slack, data: '{' }, 'event.data'],
  ])('is refused for %s', async (_what, given, path) => {
    const { asked, answer } = preview(given, { body: '1' });
    await expect(answer).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [{ path }] });
    expect(asked).toEqual([]);
  });

  test('says why the template fails', async () => {
    const { answer } = preview(
      { payloadTemplate: { preset: '', expression: 'data.x' } },
      { failure: 'it makes nothing' },
    );
    const message = 'fails for this event: it makes nothing';
    await expect(answer).rejects.toMatchObject({ fields: [{ path: 'payload_template.expression', message }] });
  });

  test('needs the scope to write endpoints', async () => {
    const { answer } = preview({ payloadTemplate: slack }, { body: '1' }, 'endpoints:read');
    await expect(answer).rejects.toMatchObject({ reason: 'MISSING_SCOPE' });
  });
});

describe('the body of a redelivery or a test', () => {
  const event = { id: 'evt_1', type: 'a.b', data: '1', occurredAtMs: nowMs, acceptedAtMs: nowMs, deliveryId: 'd' };
  const endpoint = { tenantId: 'ten_1', dialect: standard, template: 'data' };

  test('is what the template makes, or that of the dialect', async () => {
    const bodyFor = makeBodyFor(async () => ({ body: '"made"' }));
    expect((await bodyFor(endpoint, event)).toString()).toBe('"made"');
    expect((await bodyFor({ ...endpoint, template: undefined }, event)).toString()).toMatch(/"data":1}$/);
  });

  test('is refused while the template fails', async () => {
    const bodyFor = makeBodyFor(async () => ({ failure: 'it makes nothing' }));
    await expect(bodyFor(endpoint, event)).rejects.toMatchObject({
      reason: 'TEMPLATE_FAILED',
      detail: 'The payload template of the endpoint: it makes nothing.',
    });
  });
});
