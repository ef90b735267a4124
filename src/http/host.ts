import { hostname } from 'node:os';

/** What {@link isHostAllowed} checks. */
export interface HostQuestion {
  /** The `Host` header as received; `undefined` if there is none. */
  readonly host: string | undefined;
  /**
   * The host that the client named to a trusted proxy; `undefined` without such a proxy, or if it does not report the
   * host.
   */
  readonly forwardedHost?: string | undefined;
  /** Whether the server listens on a loopback address only. */
  readonly boundToLoopback: boolean;
  /** Whether the request came over a loopback address, and no proxy says that it passed the request on. */
  readonly isFromHere?: boolean;
  /**
   * The only hosts that are served: names or addresses without port, in any case, or `'*'` for all. If absent,
   * `boundToLoopback` and `isFromHere` decide. An empty list serves nobody.
   */
  readonly allowedHosts?: readonly string[] | undefined;
}

/**
 * Whether a request with this `Host` is served. Prevents DNS rebinding: a foreign page whose name resolves to 127.0.0.1
 * reaches a server on loopback, but its browser still sends the foreign name.
 *
 * If a trusted proxy reports a host, that host is checked. A foreign page may set `X-Forwarded-Host` itself and come
 * from the address of a proxy, so `Host` must still be served, or be a name that no stranger can own.
 */
export function isHostAllowed(question: HostQuestion): boolean {
  const { host, forwardedHost, boundToLoopback, isFromHere = false, allowedHosts } = question;
  if (allowedHosts === undefined && !boundToLoopback) return !isFromHere || isNameOfThisMachine(host);
  if (allowedHosts?.includes('*') === true) return true;
  const name = hostnameOf(host);
  if (name === undefined) return false;
  const isServed = (asked: string): boolean =>
    allowedHosts === undefined
      ? isLoopbackHostname(asked)
      : allowedHosts.some((allowed) => (hostnameOf(allowed) ?? hostnameOf(`[${allowed}]`)) === asked);
  if (forwardedHost === undefined) return isServed(name);
  if (!isServed(name) && !isUnclaimable(name)) return false;
  const forwarded = hostnameOf(forwardedHost);
  return forwarded !== undefined && (allowedHosts === undefined || isServed(forwarded));
}

/** Whether a `Host` header has a name of this machine, or one that no stranger can own. Browsers always send one. */
function isNameOfThisMachine(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = hostnameOf(host);
  if (name === undefined) return false;
  const own = hostname().toLowerCase();
  return isLoopbackHostname(name) || isUnclaimable(name) || name === own || name === `${own}.local`;
}

/** Whether a `Host` header, if there is one, has no name that a stranger could own: no page can have sent it by DNS rebinding. */
export function isUnclaimableHost(host: string | undefined): boolean {
  if (host === undefined) return true;
  const name = hostnameOf(host);
  return name !== undefined && isUnclaimable(name);
}

/**
 * Whether nobody can own the name in the public DNS: addresses, and names without a dot, which proxies use for servers.
 */
function isUnclaimable(name: string): boolean {
  return !name.includes('.') || /^\d+(?:\.\d+){3}$/.test(name);
}

/**
 * The name in a `Host` header: lower case, without port, brackets and the dot of the root; an address in its canonical
 * form. `undefined` if the header is missing or holds anything besides a host and a port.
 */
export function hostnameOf(host: string | undefined): string | undefined {
  // The URL parser would drop tabs, decode percent signs and cut at "/", "@", "?" and "#": none is valid here.
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return undefined;
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
  return url?.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Whether a name from {@link hostnameOf} means this machine: `localhost`, a name below it, or a loopback address. */
export function isLoopbackHostname(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

/** Whether an IP address in canonical text form is a loopback one: 127.0.0.0/8, `::1`, or the former mapped to IPv6. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  return (
    address === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address) ||
    // The same address as the URL parser writes it.
    /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/i.test(address)
  );
}
