import { afterEach, describe, expect, test } from '@jest/globals';
import { templateLimits } from './limits.ts';
import { openTemplates, type Templates, type TemplatesOptions } from './templates.ts';

const opened: Templates[] = [];
afterEach(() => Promise.all(opened.splice(0).map((templates) => templates.close())));

/** What is not about time may take what a busy machine needs. */
const open = (options: Partial<TemplatesOptions> = {}) => {
  const templates = openTemplates({ clock: { now: () => Date.now() }, timeMs: 20_000, ...options });
  opened.push(templates);
  return templates;
};

const body = '{"type":"a.b","data":{"n":1.50,"text":"x"}}';
const request = (expression: string, tenantId = 'ten_1') => ({ tenantId, expression, body, eventType: 'a.b' });

const backtracking = '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", /(a+)+b/)';

const expectFailure = async (templates: Templates, expression: string, sentence: RegExp): Promise<void> => {
  expect(await templates.render(request(expression))).toEqual({ failure: expect.stringMatching(sentence) });
  expect(await templates.render(request('[data.n]'))).toEqual({ body: '[1.5]' });
};

describe('a template', () => {
  test('makes another body, minified, and knows the type of the event', async () => {
    const made = await open().render(request('{"text": data.text & "!", "n": data.n, "type": $event_type}'));
    expect(made).toEqual({ body: '{"text":"x!","n":1.5,"type":"a.b"}' });
  });

  test.each([
    ['fails for the event', '$number(data.text)', /number.*at character \d+/],
    ['makes nothing', 'data.absent', /nothing/],
    ['makes a function', '{"f": $sum}', /function/],
    ['makes a function only', '$sum', /it makes a function/],
    ['makes a text', '"x"', /must make an object or a list/],
    ['makes null', 'null', /must make an object or a list/],
    ['makes a number that JSON does not have', '{"n": 1/0}', /n is not a finite number/],
    ['is too deep', '$eval($pad("1", 200000, "+1"))', /^too deeply nested$/],
    ['makes too much', '[$pad("", 300000)]', /more than 262144 bytes/],
    ['makes a list without end', '[1..9999999]', /sequence length/],
    ['calls itself without end', '($f := function() { 1 + $f() }; $f())', /recursive/],
  ])('that %s says so, and the next one is rendered', async (_what, expression, sentence) => {
    await expectFailure(open(), expression, sentence);
  });

  test.each([
    ['loops', '($f := function() { $f() }; $f())', /longer than 500 ms/],
    ['backtracks in a regular expression', backtracking, /longer than 500 ms/],
    ['asks for more memory than there is', '$base64encode($pad("", 300000000))', /more than 96 MB|longer than 500 ms/],
  ])('that %s is ended, and the next one is rendered', async (_what, expression, sentence) => {
    await expectFailure(open({ timeMs: templateLimits.timeMs }), expression, sentence);
  });

  test.each([
    '$.constructor',
    '{}.constructor',
    '$sum.constructor',
    'data.text.constructor.constructor("return process")()',
    '$lookup($, "__proto__")',
    '$lookup($sum, "implementation")',
    '$eval("$.constructor")',
    '$$.__proto__.constructor',
    '$process',
    'globalThis',
    '$env',
  ])('reaches nothing but its input with %s', async (expression) => {
    expect(await open().render(request(expression))).toEqual({ failure: 'it makes nothing of this event' });
  });

  test('leaves nothing behind for the next event', async () => {
    const templates = open({ processes: 1 });
    const remembering = request('($seen := $exists($seen) ? "leaked" : "fresh"; [$seen])');
    const polluting = request('[$ ~> |$|{"__proto__": {"leaked": 1}}|, $exists({}.leaked)]');
    expect(await templates.render(remembering)).toEqual({ body: '["fresh"]' });
    expect(await templates.render({ ...remembering, tenantId: 'ten_2' })).toEqual({ body: '["fresh"]' });
    expect(await templates.render(polluting)).toEqual({ body: expect.stringMatching(/false\]$/) });
    expect(await templates.render(request('[$exists(data.leaked)]'))).toEqual({ body: '[false]' });
  });

  test('that hangs three times is refused for half a minute, for its tenant only', async () => {
    let nowMs = 1_000_000;
    const templates = open({ clock: { now: () => nowMs }, timeMs: 500 });
    const hanging = request(backtracking);
    for (let strike = 0; strike < 3; strike++) {
      expect(await templates.render(hanging)).toEqual({ failure: expect.stringContaining('longer') });
    }
    expect(await templates.render(hanging)).toEqual({ failure: expect.stringContaining('3 times in a row') });
    expect(await templates.render({ ...hanging, tenantId: 'ten_2' })).toEqual({
      failure: expect.stringContaining('longer'),
    });
    nowMs += 30_000;
    expect(await templates.render(hanging)).toEqual({ failure: expect.stringContaining('longer') });
    expect(await templates.render(hanging)).toEqual({ failure: expect.stringContaining('4 times in a row') });
  });
});

describe('tenants', () => {
  test('take turns: one that asks for much, and slowly, does not keep another waiting behind all of it', async () => {
    const templates = open({ processes: 1, timeMs: 500 });
    const ended: string[] = [];
    const render = async (expression: string, tenantId: string) => {
      await templates.render(request(expression, tenantId));
      ended.push(tenantId);
    };
    const hanging = Array.from({ length: 3 }, (_, nth) => render(`${backtracking} ~> $count(${nth})`, 'slow'));
    await Promise.all([...hanging, render('data.n', 'quick')]);
    expect(ended).toEqual(['slow', 'quick', 'slow', 'slow']);
  });

  test('get what they ask for in order', async () => {
    const templates = open();
    const ended: number[] = [];
    const slowFirst = ['$sum([1..50000])', 'data.n', 'data.n'].map(async (expression, nth) => {
      await templates.render(request(expression));
      ended.push(nth);
    });
    await Promise.all(slowFirst);
    expect(ended).toEqual([0, 1, 2]);
  });
});

test('closing refuses what waits, and what comes', async () => {
  const templates = open({ processes: 1 });
  const waiting = [templates.render(request(backtracking)), templates.render(request('data'))];
  const refused = expect(Promise.all(waiting.map((each) => each.catch((error: unknown) => error)))).resolves.toEqual([
    expect.objectContaining({ reason: 'STOPPING' }),
    expect.objectContaining({ reason: 'STOPPING' }),
  ]);
  await templates.close();
  await refused;
  await expect(templates.render(request('data'))).rejects.toMatchObject({ reason: 'STOPPING' });
});
