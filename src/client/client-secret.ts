import { CLIENT_SECRET_PREFIX } from '../protocol/version.js';

/** Random bytes of a secret. */
const BYTES = 24;

/** At least 128 bits in Base64url: the server refuses what could be guessed. */
export function isClientSecret(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{22,128}$/.test(value);
}

/** A new secret. */
export function makeClientSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
}

/**
 * The subprotocol that names the secret to a server. A page of the same host has a cookie in its place, which all tabs
 * share and which survives a reload: cookies belong to a host, whatever its port (RFC 6265, section 8.5).
 * @param chosen - the option `clientSecret`
 * @param own - the secret of this client
 */
export function clientSecretProtocol(target: URL, chosen: string | undefined, own: string): string | undefined {
  const { location } = globalThis as { readonly location?: { readonly hostname?: string } };
  if (chosen === undefined && location?.hostname === target.hostname) return undefined;
  return CLIENT_SECRET_PREFIX + (chosen ?? own);
}
