import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** `rule` is the denied block (`10.0.0.0/8`) or form (`6to4`), and is all that may be said of an address that a name has. */
export type AddressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly rule: string };

const allowed: AddressVerdict = { allowed: true };
const blocked = (rule: string): AddressVerdict => ({ allowed: false, rule });

/** IANA special-purpose registry (RFC 6890), multicast, reserved, and the metadata address of Azure, which looks public. */
const deniedIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.175.48.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '168.63.129.16/32',
] as const;

/** Exceptions inside 2000::/3, the only IPv6 space that is public (RFC 4291, 2928, 3056, 3849, 4380, 7535, 9637). */
const deniedIpv6 = [
  ['2002::/16', '6to4'],
  ['2001::/32', 'Teredo'],
  ['2001::/23', '2001::/23'],
  ['2001:db8::/32', 'documentation'],
  ['3fff::/20', 'documentation'],
  ['2620:4f:8000::/48', '2620:4f:8000::/48'],
] as const;

/** Metadata services: no setting opens these. */
const neverOpened = ['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', 'fd00:ec2::254/128'] as const;

const within = (address: Address, cidr: string): boolean => {
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return network.kind() === address.kind() && address.match(network, bits);
};

const withinAny = (address: Address, cidrs: readonly string[]): boolean => cidrs.some((cidr) => within(address, cidr));

/**
 * The IPv4 address that an IPv6 address carries, and in which form: mapped, compatible and translated (RFC 4291, 2765),
 * NAT64 (RFC 6052, 8215; the last 32 bits), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214).
 */
const embedded = (address: ipaddr.IPv6): { form: string; ipv4: ipaddr.IPv4 } | undefined => {
  const bytes = address.toByteArray();
  const hex = Buffer.from(bytes).toString('hex');
  const carried = (form: string, octets: number[]) => ({ form, ipv4: new ipaddr.IPv4(octets) });
  const last = bytes.slice(12);
  if (hex.startsWith('00000000000000000000ffff')) return carried('mapped', last);
  if (hex.startsWith('0000000000000000ffff0000')) return carried('translated', last);
  if (hex.startsWith('0064ff9b0000000000000000')) return carried('NAT64', last);
  if (hex.startsWith('0064ff9b0001')) return carried('NAT64', last);
  if (hex.startsWith('2002')) return carried('6to4', bytes.slice(2, 6));
  if (hex.startsWith('20010000'))
    return carried(
      'Teredo',
      last.map((byte) => byte ^ 0xff),
    );
  if (/^.{16}0[02]005efe/.test(hex)) return carried('ISATAP', last);
  if (/^0{24}/.test(hex) && !/^0{31}[01]$/.test(hex)) return carried('compatible', last);
  return undefined;
};

const classifyIpv4 = (address: ipaddr.IPv4, allowCidrs: readonly string[]): AddressVerdict => {
  const rule = deniedIpv4.find((cidr) => within(address, cidr));
  if (withinAny(address, neverOpened)) return blocked(rule ?? 'metadata');
  return rule === undefined || withinAny(address, allowCidrs) ? allowed : blocked(rule);
};

/** Why an IPv6 address is not public by itself; undefined where it is. */
const ipv6Rule = (address: ipaddr.IPv6): string | undefined =>
  within(address, '2000::/3') ? deniedIpv6.find(([cidr]) => within(address, cidr))?.[1] : 'outside 2000::/3';

const classifyIpv6 = (address: ipaddr.IPv6, allowCidrs: readonly string[]): AddressVerdict => {
  const carried = embedded(address);
  const inner = carried === undefined ? allowed : classifyIpv4(carried.ipv4, allowCidrs);
  // A mapped address is the IPv4 address itself: the one form that a listed IPv4 block opens.
  if (carried?.form === 'mapped') {
    if (!inner.allowed) return blocked(`mapped ${inner.rule}`);
    if (withinAny(carried.ipv4, allowCidrs)) return allowed;
  }
  const rule = ipv6Rule(address);
  if (withinAny(address, neverOpened)) return blocked(rule ?? 'metadata');
  if (rule !== undefined && !withinAny(address, allowCidrs)) return blocked(rule);
  return inner.allowed ? allowed : blocked(`${carried?.form} ${inner.rule}`);
};

/**
 * Whether we may connect to an address. `allowCidrs` opens blocks beyond the public ones, never a metadata service; an
 * IPv6 address that carries an IPv4 address needs both to be allowed. Text that is no address is blocked. Pure.
 * Source: research/operations.md 2.1.
 */
export const classifyAddress = (text: string, allowCidrs: readonly string[]): AddressVerdict => {
  if (!ipaddr.isValid(text)) return blocked('not an address');
  const address = ipaddr.parse(text);
  return address instanceof ipaddr.IPv4 ? classifyIpv4(address, allowCidrs) : classifyIpv6(address, allowCidrs);
};

/** Whether an address lies in a block that the setting opened: there any port may be used. */
export const isOpened = (text: string, allowCidrs: readonly string[]): boolean =>
  ipaddr.isValid(text) && withinAny(ipaddr.process(text), allowCidrs) && classifyAddress(text, allowCidrs).allowed;

/** Reads BELLWIRE_EGRESS_ALLOW_CIDRS: blocks separated by commas or spaces. Throws a sentence that names the wrong word. */
export const parseAllowCidrs = (text: string): readonly string[] => {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  for (const word of words) {
    if (!ipaddr.isValidCIDR(word)) throw new Error(`"${word}" is not a block of addresses: write it as 10.0.0.0/8`);
  }
  return words;
};
