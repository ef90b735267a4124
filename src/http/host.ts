/** What {@link isHostAllowed} decides on. */
export interface HostQuestion {
  /** The `Host` header as received; `undefined` where there is none. */
  readonly host: string | undefined;
  /** The host the client named to a trusted proxy; `undefined` where there is none, or it does not say. */
  readonly forwardedHost?: string | undefined;
  /** Whether the server listens on a loopback address only. */
  readonly boundToLoopback: boolean;
  /**
   * The only hosts that are served: names or addresses without port, in any case, or `'*'` for all.
   * Where it is absent, `boundToLoopback` decides. An empty list serves nobody.
   */
  readonly allowedHosts?: readonly string[] | undefined;
}

/**
 * Whether a request with this `Host` is served. It stops DNS rebinding: a foreign page whose name was made to
 * resolve to 127.0.0.1 reaches a server on loopback, but its browser still sends the foreign name.
 *
 * The word of a trusted proxy counts instead. Such a page may write `X-Forwarded-Host` itself, and it may come from the
 * address of a proxy; so `Host` then still has to be served, or be what no stranger's name can be.
 */
export function isHostAllowed({ host, forwardedHost, boundToLoopback, allowedHosts }: HostQuestion): boolean {
  if (allowedHosts === undefined && !boundToLoopback) return true;
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

/** Whether nobody can own it in the public DNS: an address, or a name without a dot, as proxies have for a server. */
function isUnclaimable(name: string): boolean {
  return !name.includes('.') || /^\d+(?:\.\d+){3}$/.test(name);
}

/**
 * The name in a `Host` header: lower case, without port, brackets and the dot of the root; an address in its
 * canonical form. `undefined` where the header is missing or holds anything besides a host and a port.
 */
export function hostnameOf(host: string | undefined): string | undefined {
  // The URL parser would drop tabs, decode percent signs and cut at "/", "@", "?" and "#": none belongs here.
  if (host === undefined || !/^[\w.:[\]-]+$/.test(host)) return undefined;
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
  return url?.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Whether a name, as {@link hostnameOf} gives it, means this machine: `localhost` and below it, or a loopback address. */
export function isLoopbackHostname(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || isLoopbackAddress(name);
}

/** Whether an IP address in canonical text form is a loopback one: 127.0.0.0/8, `::1`, or the former mapped to IPv6. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  return (
    address === '::1' ||
    /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address) ||
    // The same as the URL parser writes it.
    /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/i.test(address)
  );
}
