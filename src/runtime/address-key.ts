/** An IPv4 address in IPv6 notation (RFC 4291, section 2.5.5.2). */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** What can only be an IPv6 address. Sockets give addresses that are valid. */
const IPV6 = /^[\da-f.:]*:[\da-f.:]*$/i;

/**
 * Under which name the share of an address is counted: an IPv4 address itself, and the /64 network of an IPv6 address,
 * since one customer gets at least that much (RFC 6177). Clients without an address, such as those of a Unix socket,
 * share one name.
 */
export function addressKey(address: string | undefined): string {
  if (address === undefined || address === '') return 'unknown';
  // An IPv4 address.
  if (!address.includes(':')) return address;
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ''] = address.split('%');
  return IPV6.test(plain) ? `${networkOf(plain)}::/64` : address;
}

/** The first four groups of an IPv6 address, written in full. */
function networkOf(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  // `::` stands for as many zeros as are missing; an IPv4 ending takes the place of two groups.
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const length = before.length + after.length + (address.includes('.') ? 1 : 0);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - length }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
