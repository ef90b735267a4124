/** One element of a `Forwarded` header: what one proxy says of its peer. */
export interface ForwardedElement {
  /** The node that made the request: an address, maybe with a port, `unknown`, or a name that begins with `_`. */
  readonly for?: string | undefined;
  readonly host?: string | undefined;
  readonly proto?: string | undefined;
}

/** A parameter and what follows it. Values are tokens or quoted; proxies also leave the quotes out of `192.0.2.1:80`. */
const PAIR = /[\t ]*(?:([\w!#$%&'*+.^`|~-]+)=(?:([^\t ",;]+)|"((?:[^"\\]|\\.)*)"))?[\t ]*(;|,|$)/y;

/**
 * Reads a `Forwarded` header (RFC 7239, section 4), the client first.
 * @returns `undefined` if a part of it breaks the grammar: a quote that a client leaves open would otherwise hide what a
 * proxy has added.
 */
export function parseForwarded(header: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let element: Record<string, string> = {};
  for (let at = 0; ;) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(header);
    if (match === null) return undefined;
    const [all, name, token, quoted, end] = match;
    if (name !== undefined) {
      const key = name.toLowerCase();
      // Each parameter occurs once.
      if (Object.hasOwn(element, key)) return undefined;
      element[key] = token ?? (quoted ?? '').replace(/\\(.)/g, '$1');
    }
    at += all.length;
    if (end === ';') continue;
    if (Object.keys(element).length > 0) elements.push(element);
    element = {};
    if (end !== ',') return elements;
  }
}

/** The address of a node, without port and brackets. */
export function addressOfNode(node: string): string {
  return /^\[(.+)\](?::\d+)?$/.exec(node)?.[1] ?? /^([\d.]+):\d+$/.exec(node)?.[1] ?? node;
}
