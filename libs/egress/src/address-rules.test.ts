import { describe, expect, test } from '@jest/globals';
import { classifyAddress, parseAllowCidrs } from './address-rules.ts';

const ruleOf = (address: string, allowCidrs: readonly string[] = []): string => {
  const verdict = classifyAddress(address, allowCidrs);
  return verdict.allowed ? 'ok' : verdict.rule;
};

describe('classifyAddress', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00::1',
  ])('%s is public', (address) => expect(ruleOf(address)).toBe('ok'));

  test.each([
    ['10.255.255.255', '10.0.0.0/8'],
    ['192.31.196.1', '192.31.196.0/24'],
    ['192.175.48.9', '192.175.48.0/24'],
    ['203.0.113.7', '203.0.113.0/24'],
    ['2001:1ff::1', '2001::/23'],
    ['2620:4f:8000::1', '2620:4f:8000::/48'],
    ['2606:4700::5efe:10.0.0.1', 'ISATAP 10.0.0.0/8'],
    ['::ffff:8.8.8.8', 'outside 2000::/3'],
    ['fe80::1%eth0', 'outside 2000::/3'],
    ['example', 'not an address'],
    ['', 'not an address'],
  ])('%s is blocked by %s', (address, rule) => expect(ruleOf(address)).toBe(rule));

  test('opens what is listed and nothing beside it', () => {
    expect(ruleOf('10.1.2.3', ['10.1.0.0/16'])).toBe('ok');
    expect(ruleOf('10.2.2.3', ['10.1.0.0/16'])).toBe('10.0.0.0/8');
    expect(ruleOf('::ffff:10.1.2.3', ['10.1.0.0/16'])).toBe('ok');
    expect(ruleOf('fd12::1', ['fd00::/8'])).toBe('ok');
    expect(ruleOf('::1', ['::1/128'])).toBe('ok');
  });

  test('never opens a metadata service, in whatever clothes', () => {
    const everything = ['0.0.0.0/0', '::/0'];
    for (const address of [
      '169.254.169.254',
      '169.254.170.2',
      '168.63.129.16',
      '100.100.100.200',
      'fd00:ec2::254',
      '::ffff:169.254.169.254',
      '::169.254.169.254',
      '::ffff:0:169.254.169.254',
      '64:ff9b::169.254.169.254',
      '64:ff9b:1::169.254.169.254',
      '2002:a9fe:a9fe::1',
      '2001:0:1:2:3:4:5601:5601',
      'fe80::5efe:169.254.169.254',
    ]) {
      expect([address, classifyAddress(address, everything).allowed]).toEqual([address, false]);
    }
    expect(ruleOf('127.0.0.1', everything)).toBe('ok');
  });

  test('wants the carried IPv4 address to be allowed, too', () => {
    expect(ruleOf('64:ff9b::8.8.8.8', ['64:ff9b::/96'])).toBe('ok');
    expect(ruleOf('64:ff9b::10.0.0.1', ['64:ff9b::/96'])).toBe('NAT64 10.0.0.0/8');
    expect(ruleOf('64:ff9b::10.0.0.1', ['64:ff9b::/96', '10.0.0.0/8'])).toBe('ok');
    expect(ruleOf('64:ff9b::10.0.0.1', ['10.0.0.0/8'])).toBe('outside 2000::/3');
  });
});

describe('parseAllowCidrs', () => {
  test('reads blocks, and names the word that is none', () => {
    expect(parseAllowCidrs(' 127.0.0.0/8, ::1/128 10.0.0.0/8')).toEqual(['127.0.0.0/8', '::1/128', '10.0.0.0/8']);
    expect(parseAllowCidrs('')).toEqual([]);
    expect(() => parseAllowCidrs('127.0.0.0/8,10.0.0.1')).toThrow('"10.0.0.1" is not a block of addresses');
  });
});
