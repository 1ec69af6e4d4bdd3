import { describe, expect, test } from '@jest/globals';
import { urlVectors } from './url-vectors.ts';
import { checkUrl, type EgressPolicy } from './url-rules.ts';

const open: EgressPolicy = { allowHttp: true, allowCidrs: [] };
const strict: EgressPolicy = { allowHttp: false, allowCidrs: [] };
const loopback: EgressPolicy = { allowHttp: true, allowCidrs: ['127.0.0.0/8', '::1/128'] };

const ruleOf = (raw: string, policy: EgressPolicy): string => {
  const verdict = checkUrl(raw, policy);
  return verdict.ok ? 'ok' : verdict.rule;
};

/** The document's words for our rules. */
const expectedRules: Readonly<Record<string, readonly string[]>> = {
  'decide at connect': ['ok'],
  'reject raw (backslash/control)': ['characters'],
  'reject raw (slashes)': ['slashes'],
  'deny port 25': ['port'],
  'deny mapped→127.0.0.1': ['mapped 127.0.0.0/8'],
  'deny mapped→169.254.169.254': ['mapped 169.254.0.0/16'],
  'deny 6to4 127.0.0.1': ['6to4'],
  'deny 6to4 169.254.169.254': ['6to4'],
};
const expectedOf = (verdict: string): readonly string[] =>
  expectedRules[verdict] ?? [verdict.replace(/^(deny|reject) /, '')];

describe('checkUrl, the 112 vectors', () => {
  test('has them all', () => expect(urlVectors).toHaveLength(112));

  test.each(urlVectors)('%s (%s): %s', (input, host, verdict) => {
    expect(expectedOf(verdict)).toContain(ruleOf(input, open));
    if (host !== 'throws') expect(new URL(input).hostname).toBe(host === '∅' ? '' : host);
    else expect(URL.canParse(input)).toBe(false);
  });
});

describe('checkUrl', () => {
  test('wants https unless the policy allows http', () => {
    expect(ruleOf('http://ok.example/', strict)).toBe('scheme');
    expect(ruleOf('HTTPS://ok.example/hook?a=b', strict)).toBe('ok');
  });

  test('allows any port, and the name localhost, where loopback is listed', () => {
    for (const url of ['http://127.0.0.1:22/', 'http://localhost:81/a', 'http://localhost./', 'http://[::1]:9/']) {
      expect([url, ruleOf(url, loopback)]).toEqual([url, 'ok']);
    }
    expect(ruleOf('http://127.0.0.1:0/', loopback)).toBe('port');
    expect(ruleOf('http://foo.localhost/', loopback)).toBe('name');
    expect(ruleOf('http://10.0.0.1/', loopback)).toBe('10.0.0.0/8');
    expect(ruleOf('http://localhost:8080/', { allowHttp: true, allowCidrs: ['10.0.0.0/8'] })).toBe('name');
    expect(ruleOf('http://localhost:8080/', { ...loopback, allowHttp: false })).toBe('scheme');
  });

  test('counts 2048 characters, 253 of the name and 63 of a label', () => {
    const path = (length: number) => `https://ok.example/${'a'.repeat(length - 19)}`;
    expect([ruleOf(path(2048), strict), ruleOf(path(2049), strict)]).toEqual(['ok', 'length']);
    const label = 'a'.repeat(63);
    expect(ruleOf(`https://${label}.example/`, strict)).toBe('ok');
    expect(ruleOf(`https://a${label}.example/`, strict)).toBe('hostname');
    const name = `${label}.${label}.${label}.${'a'.repeat(61)}`;
    expect([ruleOf(`https://${name}/`, strict), ruleOf(`https://${name}a/`, strict)]).toEqual(['ok', 'hostname']);
  });

  test('refuses what WHATWG would repair in silence', () => {
    for (const url of [
      'https://ok.example/\ta',
      'https://ok.exa\nmple/',
      ' https://ok.example/',
      'https://ok.example/\u0000',
    ]) {
      expect(ruleOf(url, strict)).toBe('characters');
    }
    expect(ruleOf('https://@ok.example/', strict)).toBe('userinfo');
    expect(ruleOf('https://ok.example/#', strict)).toBe('fragment');
  });

  test('refuses reserved names and single labels', () => {
    for (const name of ['postgres', 'a.local', 'a.internal', 'x.svc', 'a.home.arpa', 'a.onion', '1.in-addr.arpa']) {
      expect([name, ruleOf(`https://${name}/`, strict)]).toEqual([name, 'name']);
    }
    expect(ruleOf('https://mylocal.example/', strict)).toBe('ok');
  });

  test('drops the dot at the end of a name', () => {
    const verdict = checkUrl('https://ok.example.:8443/a', strict);
    expect(verdict.ok && verdict.url.href).toBe('https://ok.example:8443/a');
  });
});
