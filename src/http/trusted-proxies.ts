import { BlockList, isIP } from 'node:net';

/** The proxies whose headers about a client are trusted. */
export class TrustedProxies {
  readonly #all: boolean;
  readonly #list = new BlockList();

  /** @param proxies - entries that {@link isProxyEntry} accepts. */
  constructor(proxies: readonly string[]) {
    this.#all = proxies.includes('*');
    for (const proxy of proxies) {
      const [address = '', bits] = proxy.split('/');
      const family = familyOf(address);
      if (family === undefined) continue;
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /** Whether the peer with this address is a trusted proxy. A Unix socket has no address: only `'*'` includes it. */
  has(address: string | undefined): boolean {
    if (this.#all) return true;
    const family = familyOf(address);
    return address !== undefined && family !== undefined && this.#list.check(address, family);
  }
}

/** Whether the text is an address, or a network such as `10.0.0.0/8`. */
export function isProxyEntry(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  return family !== undefined && Number(bits ?? 0) <= (family === 'ipv4' ? 32 : 128);
}

function familyOf(address: string | undefined): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address ?? '');
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
