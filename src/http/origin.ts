import { hostnameOf, isLoopbackHostname } from './host.js';

/** What {@link isOriginAllowed} decides on. */
export interface OriginQuestion {
  /** The `Origin` header as received; `undefined` where there is none. */
  readonly origin: string | undefined;
  /** The `Host` header as received. */
  readonly host: string | undefined;
  /** Whether this server itself speaks TLS. A plain `http` page is then not of the same host. */
  readonly secure: boolean;
  /** Further origins, exact: `'https://app.example'`, or `'*'` for all. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether the page a handshake comes from may connect. Browsers let every page open a WebSocket anywhere and only
 * tell the server which page it was, so this check is what keeps foreign pages out.
 *
 * A client without `Origin` is no browser and passes. Pages of the same host and of loopback pass, whatever their
 * port on loopback; `null` (sandboxed frames, files) is many pages at once and passes under `'*'` only.
 */
export function isOriginAllowed({ origin, host, secure, allowedOrigins }: OriginQuestion): boolean {
  if (origin === undefined || allowedOrigins.includes('*')) return true;
  const page = parseOrigin(origin);
  if (page === undefined) return false;
  if (allowedOrigins.some((allowed) => parseOrigin(allowed)?.href === page.href)) return true;
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return false;
  const name = hostnameOf(page.host);
  if (name !== undefined && isLoopbackHostname(name)) return true;
  // An https page may talk to a plain server: TLS then ends at a proxy in front of it.
  if (secure && page.protocol === 'http:') return false;
  return host !== undefined && parseOrigin(`${page.protocol}//${host}`)?.host === page.host;
}

/**
 * Reads an origin: scheme, host and port, nothing else. Any scheme is read, for apps that have their own
 * (`capacitor://localhost`). `undefined` where the text is no origin; `null` is none.
 */
export function parseOrigin(text: string): URL | undefined {
  // The URL parser would forgive a path, credentials, backslashes and blanks: none belongs in an origin.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[\w.:[\]-]+$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}
