import { hostnameOf, isLoopbackHostname } from './host.js';

/** What {@link isOriginAllowed} checks. */
export interface OriginQuestion {
  /** The `Origin` header as received; `undefined` if there is none. */
  readonly origin: string | undefined;
  /** The `Host` header as received. */
  readonly host: string | undefined;
  /** Whether the client used TLS. If so, a plain `http` page is not of the same host. */
  readonly secure: boolean;
  /** Further exact origins: `'https://app.example'`, or `'*'` for all. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether the page of a handshake may connect. Browsers let every page open a WebSocket to any server and only name the
 * page, so this check is what keeps foreign pages out.
 *
 * A client without `Origin` is not a browser and passes. Pages of the same host pass, and pages of loopback with any
 * port. `null` (sandboxed frames, files) stands for many pages and passes only with `'*'`.
 */
export function isOriginAllowed({ origin, host, secure, allowedOrigins }: OriginQuestion): boolean {
  if (origin === undefined || allowedOrigins.includes('*')) return true;
  const page = parseOrigin(origin);
  if (page === undefined) return false;
  if (allowedOrigins.some((allowed) => parseOrigin(allowed)?.href === page.href)) return true;
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return false;
  const name = hostnameOf(page.host);
  if (name !== undefined && isLoopbackHostname(name)) return true;
  // An https page may use a plain server: TLS then ends at a proxy in front of the server.
  if (secure && page.protocol === 'http:') return false;
  return host !== undefined && parseOrigin(`${page.protocol}//${host}`)?.host === page.host;
}

/**
 * Parses an origin: scheme, host and port, nothing else. Any scheme is accepted, for apps that have their own
 * (`capacitor://localhost`). `undefined` if the text is not an origin; `null` is not an origin.
 */
export function parseOrigin(text: string): URL | undefined {
  // The URL parser would accept a path, credentials, backslashes and blanks: none is valid in an origin.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[\w.:[\]-]+$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}
