import { describe, expect, test } from '@jest/globals';
import { makeEvaluate } from './evaluate.ts';
import { expressionOf } from './template.ts';
import {
  achievementEarned,
  handleAchievementEarned,
  handleOpportunityMatched,
  opportunityMatched,
} from './testing/contribux-document.ts';

const evaluate = makeEvaluate();

const rendered = async (preset: 'slack' | 'discord', eventType: string, body: unknown): Promise<unknown> => {
  const expression = expressionOf({ preset, expression: '' });
  const made = await evaluate({ expression, eventType, body: JSON.stringify(body) });
  if ('failure' in made) throw new Error(made.failure);
  return JSON.parse(made.body);
};

/** One event as the dialects wrap it. */
const envelopesOf = (type: string, data: object): [string, unknown][] => [
  ['standard', { type, timestamp: '2026-01-31T12:00:00.000Z', data }],
  ['contribux', { event: type, timestamp: '2026-01-31T12:00:00Z', user_id: 'u1', data }],
  ['roleready', { event: type, deliveryId: 'd', timestamp: '2026-01-31T12:00:00Z', userId: 'u1', data }],
  ['aifai', { event: 'notification', notification: data, timestamp: '2026-01-31T12:00:00Z', platform: 'p' }],
  ['hub, where the body is the data', data],
  ['notely', { event_type: type, data }],
];

describe('the preset slack', () => {
  test('makes of opportunity.matched what the code of the document makes of it', async () => {
    const message = await rendered('slack', opportunityMatched.event, opportunityMatched);
    expect(message).toEqual(handleOpportunityMatched(opportunityMatched));
  });

  test.each([0.885, 0.005, 0.994999, 1, 0])('rounds a score of %d as the document does', async (score) => {
    const event = structuredClone(opportunityMatched);
    event.data.match_analysis.overall_score = score;
    expect(await rendered('slack', event.event, event)).toEqual(handleOpportunityMatched(event));
  });

  test('leaves out buttons that have nowhere to go', async () => {
    const { type, data } = { type: opportunityMatched.event, data: opportunityMatched.data };
    const { text, attachments } = handleOpportunityMatched(opportunityMatched);
    const [{ title_link: _link, actions: _actions, ...attachment } = { title_link: '', actions: [] }] = attachments;
    expect(await rendered('slack', type, { type, data })).toEqual({ text, attachments: [attachment] });
  });

  test.each(
    envelopesOf('order.paid', { id: 'o1', amount: 12.5, paid: true, lines: [1], buyer: { id: 2 }, note: null }),
  )('shows any other event with its top-level values, from the envelope of %s', async (_dialect, body) => {
    expect(await rendered('slack', 'order.paid', body)).toEqual({
      text: 'order.paid',
      attachments: [
        {
          fallback: 'order.paid',
          fields: [
            { title: 'id', value: 'o1', short: true },
            { title: 'amount', value: '12.5', short: true },
            { title: 'paid', value: 'true', short: true },
          ],
        },
      ],
    });
  });

  test('mentions nobody and links nowhere because a value says so', async () => {
    const body = { data: { text: '<!channel> a & b', '<b>': 'x'.repeat(41) } };
    expect(await rendered('slack', 'a.b', body)).toMatchObject({
      attachments: [
        {
          fields: [
            { title: 'text', value: '&lt;!channel&gt; a &amp; b', short: true },
            { title: '&lt;b&gt;', value: 'x'.repeat(41), short: false },
          ],
        },
      ],
    });
  });

  test.each([{ data: {} }, { data: { a: { b: 1 } } }, { data: { test: [] } }, [], [{ a: 1 }], 'text', 7, null])(
    'has at least a text for %j',
    async (body) => {
      expect(await rendered('slack', 'opportunity.matched', body)).toEqual({ text: 'opportunity.matched' });
    },
  );
});

describe('the preset discord', () => {
  test('makes of achievement.earned what the code of the document makes of it', async () => {
    const message = await rendered('discord', achievementEarned.event, achievementEarned);
    expect(message).toEqual(handleAchievementEarned(achievementEarned));
  });

  test.each(envelopesOf('order.paid', { id: 'o1', amount: 12.5, empty: '', lines: [] }))(
    'shows any other event with its top-level values, from the envelope of %s',
    async (_dialect, body) => {
      const fields = [
        { name: 'id', value: 'o1', inline: true },
        { name: 'amount', value: '12.5', inline: true },
      ];
      expect(await rendered('discord', 'order.paid', body)).toMatchObject({
        embeds: [{ title: 'order.paid', fields }],
      });
    },
  );

  test('leaves out what Discord refuses: fields that are blank, or whose name is', async () => {
    const data = { '': 'x', ' ': 'y', blank: ' ', id: 'o1' };
    expect(await rendered('discord', 'order.paid', { data })).toEqual({
      embeds: [{ title: 'order.paid', fields: [{ name: 'id', value: 'o1', inline: true }] }],
    });
  });

  test('stays within what an embed may hold', async () => {
    const data = Object.fromEntries(
      Array.from({ length: 30 }, (_, nth) => [`${nth}${'n'.repeat(300)}`, 'v'.repeat(2000)]),
    );
    const message = await rendered('discord', 'a.b', { data, timestamp: 1769860800 });
    const [embed] =
      message instanceof Object && 'embeds' in message && Array.isArray(message.embeds) ? message.embeds : [];
    expect(embed.fields).toHaveLength(25);
    expect(embed.fields[0]).toEqual({ name: `0${'n'.repeat(58)}…`, value: `${'v'.repeat(159)}…`, inline: false });
    expect(
      JSON.stringify(embed.fields.map(({ name, value }: Record<string, string>) => [name, value])).length,
    ).toBeLessThan(6000);
    expect(embed).not.toHaveProperty('timestamp');
  });

  test.each([{ data: {} }, [], 'text', 7, null])('has at least a title for %j', async (body) => {
    expect(await rendered('discord', 'achievement.earned', body)).toEqual({
      embeds: [{ title: 'achievement.earned' }],
    });
  });
});
