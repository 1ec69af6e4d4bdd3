// The receivers that the five documents print (testing/verifiers), word for word, against what we send.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { prepareKey } from '@bellwire/signing';
import { documentReceiver, printedSecret, type DocumentRequest } from '@bellwire/testing';
import * as fc from 'fast-check';
import {
  aifai,
  contribux,
  hub,
  isRepresentable,
  notely,
  renderBody,
  requestHeaders,
  roleReady,
  type Dialect,
} from './index.ts';

/** Answers the status of each request; 0 where the receiver says nothing. */
type Receiver = (requests: readonly DocumentRequest[]) => readonly number[];

const secret = printedSecret;
const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const verifier = (name: string): string => textOf(`testing/verifiers/${name}.txt`);

const nodeReceiver = (code: string): Receiver => {
  const receive = documentReceiver(code, secret);
  return (requests) => requests.map(receive);
};

const pythonReceiver =
  (code: string): Receiver =>
  (requests) => {
    const input = JSON.stringify({ code, secret, requests });
    const receive = new URL('testing/receive.py', import.meta.url).pathname;
    const { stdout, stderr, status } = spawnSync('python3', [receive], { input, encoding: 'utf8', timeout: 30_000 });
    if (status !== 0) throw new Error(`python3 failed: ${stderr}`);
    const answers: unknown = JSON.parse(stdout);
    return Array.isArray(answers) ? answers.map(Number) : [];
  };

const sent = (dialect: Dialect, type: string, data: string): DocumentRequest => {
  const at = Date.UTC(2024, 0, 20, 10, 30, 0, 120);
  const ids = { eventId: 'evt_1', deliveryId: '01234567-89ab-8def-8123-456789abcdef' };
  const event = { id: ids.eventId, type, subject: 'user_123', data, occurredAtMs: at, acceptedAtMs: at };
  const actionUrls = { view: 'https://example.com/1' };
  const body = renderBody(dialect, { ...event, actionUrls, deliveryId: ids.deliveryId });
  const headers = requestHeaders(dialect, {
    ...ids,
    eventType: type,
    endpointId: 'ep_1',
    subject: 'user_123',
    occurredAtMs: at,
    attempt: 1,
    timestampSeconds: 1_705_746_600,
    body,
    keys: [prepareKey(dialect.signature, secret)],
  });
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return { headers: Object.fromEntries(lowerCase), body: Buffer.from(body).toString('utf8') };
};

/** Every event of the catalogue with its example. */
const catalogueOf = (dialect: Dialect): readonly DocumentRequest[] =>
  dialect.catalogue.map(({ name, example }) => sent(dialect, name, example === '' ? '{"id":"1"}' : example));

const nonAscii = (dialect: Dialect): DocumentRequest =>
  sent(dialect, dialect.catalogue[0]?.name ?? '', '{"title":"Grüße 🎉 \u2028","fileName":"é.pdf"}');

/** A signature of another body. */
const forged = (dialect: Dialect): DocumentRequest => {
  const { headers } = sent(dialect, 'a', '{"id":"1"}');
  return { ...sent(dialect, 'a', '{"id":"2"}'), headers };
};

const accepts = (receiver: Receiver, requests: readonly DocumentRequest[]): readonly boolean[] =>
  receiver(requests).map((status) => status < 300);

describe('the Node.js receiver of the document', () => {
  const cases: readonly (readonly [Dialect, () => Receiver])[] = [
    [contribux, () => nodeReceiver(verifier('contribux.js'))],
    [roleReady, () => nodeReceiver(verifier('roleready.js'))],
    [aifai, () => nodeReceiver(verifier('aifai.js'))],
    [hub, () => nodeReceiver(verifier('hub.ts'))],
    [notely, () => nodeReceiver(verifier('notely.js'))],
  ];

  test.each(cases)('$name: accepts every event of the catalogue, and what is not ASCII', (dialect, receiver) => {
    const requests = [...catalogueOf(dialect), nonAscii(dialect)];
    expect(requests.length).toBeGreaterThan(1);
    expect(accepts(receiver(), requests)).toEqual(requests.map(() => true));
  });

  test.each(cases)('$name: refuses a forged body', (dialect, receiver) => {
    expect(receiver()([forged(dialect)])).toEqual([401]);
  });

  test.each(cases)('$name: accepts whatever is representable', (dialect, makeReceiver) => {
    const receiver = makeReceiver();
    fc.assert(
      fc.property(fc.object(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(isRepresentable(dialect, { text, value: JSON.parse(text) }));
        expect(accepts(receiver, [sent(dialect, 'a.b', text)])).toEqual([true]);
      }),
    );
  });
});

const hasPython = spawnSync('python3', ['--version']).status === 0;

(hasPython ? describe : describe.skip)('the Python receiver of the document', () => {
  const asPrinted = 'json.dumps(payload)';
  const corrected = "json.dumps(payload, separators=(',', ':'), ensure_ascii=False)";

  test('aifai: accepts every event, and what is not ASCII; refuses a forged body', () => {
    const titled = { title: 'é', priority: 'high', notification_type: 'x' };
    const requests = [...catalogueOf(aifai), sent(aifai, 'notification', JSON.stringify(titled))];
    const receiver = pythonReceiver(verifier('aifai.py'));
    expect(accepts(receiver, requests)).toEqual([true, true]);
    expect(receiver([forged(aifai)])).toEqual([401]);
  });

  test('notely: accepts every event; refuses what is not ASCII, and a forged body', () => {
    const requests = catalogueOf(notely);
    const receiver = pythonReceiver(verifier('notely.py'));
    expect(receiver([...requests, nonAscii(notely), forged(notely)])).toEqual([...requests.map(() => 200), 401, 401]);
  });

  test('roleready: refuses every event as printed, because it writes spaces that the Node.js code does not', () => {
    const requests = catalogueOf(roleReady);
    const receiver = pythonReceiver(verifier('roleready.py'));
    expect(receiver(requests)).toEqual(requests.map(() => 401));
  });

  test('roleready: accepts every event with the line that docs/dialects gives', () => {
    expect(verifier('roleready.py')).toContain(asPrinted);
    expect(textOf('../../../docs/dialects/roleready.md')).toContain(corrected);
    const requests = [...catalogueOf(roleReady), nonAscii(roleReady)];
    const receiver = pythonReceiver(verifier('roleready.py').replace(asPrinted, corrected));
    expect(receiver([...requests, forged(roleReady)])).toEqual([...requests.map(() => 200), 401]);
  });
});

beforeAll(() => {
  if (!hasPython) console.warn('THERE IS NO python3 HERE: the Python receivers of the documents were NOT tried.');
});
