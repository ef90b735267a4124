/** The target of an HTTP request. */
export interface RequestTarget {
  /** Host and port of the absolute form, which replace the `Host` header; `undefined` in other forms. */
  readonly authority: string | undefined;
  /** The path as sent, never decoded, so that no other spelling of a path evades a rule of a proxy. */
  readonly path: string;
  /** What follows `?`, as sent; empty if nothing does. */
  readonly query: string;
}

/**
 * Parses a request target. Forward proxies send the absolute form, `http://host/path`, and servers must accept it (RFC
 * 9112, section 3.2.2).
 */
export function readTarget(url: string): RequestTarget {
  const absolute = /^(?:https?|wss?):\/\/([^/?#]+)/i.exec(url);
  const [, path = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(url.slice(absolute?.[0].length ?? 0)) ?? [];
  return { authority: absolute?.[1], path: absolute !== null && path === '' ? '/' : path, query };
}
