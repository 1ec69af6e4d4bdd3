import { Resolver as DnsResolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isIPv6 } from 'node:net';
import { isNativeError } from 'node:util/types';
import { classifyAddress } from './address-rules.ts';
import { EgressError } from './failures.ts';

/** All addresses of a host name; rejects with a code (`ENOTFOUND`, ...) where there are none. */
export type Resolver = (hostname: string) => Promise<readonly string[]>;

type Lookup = (...call: Parameters<LookupFunction>) => Promise<void>;

/** Time for one name, every server and try included (research/operations.md 2.1(4)). */
const lookupCapMs = 2000;

/** Of a vetted answer, as many as happy eyeballs could try. */
const maxPinned = 8;

/**
 * DNS by c-ares. Not `dns.lookup`: that occupies one of libuv's four threads per name, so that four slow zones would stop
 * all deliveries. c-ares asks DNS only: no search domains, no hosts file.
 */
export const dnsResolver = (): Resolver => {
  const dns = new DnsResolver({ timeout: 800, tries: 2 });
  return async (hostname) => {
    const [v4, v6] = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
    const addresses = [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason;
    return addresses;
  };
};

const withinCap = async <T>(work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const cap = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EgressError('DNS_TIMEOUT')), lookupCapMs);
  });
  return Promise.race([work, cap]).finally(() => clearTimeout(timer));
};

/** c-ares says ECONNREFUSED of a name server, which is not the receiver: all but "no such name" get a code of their own. */
const asDnsError = (error: unknown): never => {
  const code = isNativeError(error) && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (error instanceof EgressError || code === 'ENOTFOUND' || code === 'ENODATA') throw error;
  throw Object.assign(new Error('the lookup failed'), { code: code === '' ? 'DNS' : `DNS_${code}` });
};

/**
 * The `lookup` of every connection to a name. Each address of the answer is checked and one that is denied refuses the
 * whole answer, since a mixed answer is an attack; what is returned is what is connected to, so the answer is pinned.
 * Simultaneous lookups of one name share an answer; nothing is cached. `localhost` never goes to DNS.
 */
export const makeVettedLookup = (resolve: Resolver, allowCidrs: readonly string[]): LookupFunction => {
  const running = new Map<string, Promise<readonly string[]>>();

  const vet = async (hostname: string): Promise<readonly string[]> => {
    if (hostname === 'localhost') {
      const open = ['127.0.0.1', '::1'].filter((address) => classifyAddress(address, allowCidrs).allowed);
      if (open.length === 0) throw new EgressError('EGRESS_BLOCKED', 'name');
      return open;
    }
    const addresses = await withinCap(resolve(hostname)).catch(asDnsError);
    for (const address of addresses) {
      const verdict = classifyAddress(address, allowCidrs);
      if (!verdict.allowed) throw new EgressError('EGRESS_BLOCKED', verdict.rule);
    }
    if (addresses.length === 0) throw Object.assign(new Error('no addresses'), { code: 'ENODATA' });
    return addresses.slice(0, maxPinned);
  };

  const shared = (hostname: string): Promise<readonly string[]> => {
    const known = running.get(hostname);
    if (known !== undefined) return known;
    const answer = vet(hostname).finally(() => running.delete(hostname));
    running.set(hostname, answer);
    return answer;
  };

  const settle = async (hostname: string): Promise<string[] | Error> => {
    try {
      return [...(await shared(hostname))];
    } catch (error) {
      return isNativeError(error) ? error : new Error('the lookup failed');
    }
  };

  const answerTo: Lookup = async (hostname, options, callback) => {
    const answer = await settle(hostname);
    if (!Array.isArray(answer)) {
      callback(answer, []);
      return;
    }
    const found = answer.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    const [first] = found;
    if (options.all === true || first === undefined) callback(null, found);
    else callback(null, first.address, first.family);
  };

  return (...call) => void answerTo(...call);
};
