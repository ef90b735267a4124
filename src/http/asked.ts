import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { readTarget } from '../protocol/request-target.js';
import { addressOfNode, parseForwarded, type ForwardedElement } from './forwarded.js';
import { isLoopbackAddress } from './host.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Headers by which proxies say that they passed a request on. */
const PROXY_HEADERS = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'];

/** Host, scheme and address of a request, as far as they can be trusted. */
export interface Asked {
  /** The host that the request names, with its port. */
  readonly host: string | undefined;
  /** The host that the client named to a trusted proxy, if the proxy reports it. */
  readonly forwardedHost: string | undefined;
  /**
   * Whether the request came over a loopback address, and nothing says that a proxy of this machine passed it on. A page
   * whose name was made to lead to 127.0.0.1 comes like this. It can set the headers of a proxy, but its host names the
   * port of this server, where a proxy has another one.
   */
  readonly isFromHere: boolean;
  /** Whether the client spoke TLS, to this server or to a trusted proxy. */
  readonly secure: boolean;
  /** The address of the client; behind a trusted proxy, the address that the proxy reports. */
  readonly remoteAddress: string | undefined;
}

/**
 * Reads the request, and of trusted proxies `X-Forwarded-Host`, `-Proto` and `-For` or, without `X-Forwarded-For`,
 * `Forwarded` (RFC 7239). A proxy that writes one of the two may pass on the other as its client sent it: if they name
 * different clients, the client is the proxy.
 */
export function askedOf(request: IncomingMessage, proxies: TrustedProxies): Asked {
  const { headers, socket } = request;
  // An authority in the request line precedes Host (RFC 9112, section 3.2.2); HTTP/2 has it in its own field.
  const host = readTarget(request.url ?? '').authority ?? headers.host ?? first(headers[':authority']);
  const secure = 'encrypted' in socket;
  const { remoteAddress } = socket;
  const isTrusted = proxies.has(remoteAddress);
  const isPassedOn = (isTrusted || PROXY_HEADERS.some((name) => name in headers)) && !namesPort(host, socket.localPort);
  const isFromHere = isLoopbackAddress(socket.localAddress) && !isPassedOn;
  if (!isTrusted) {
    return { host, forwardedHost: undefined, isFromHere, secure, remoteAddress };
  }
  const { element, isContradicted } = clientOf(headers, proxies);
  const proto = first(headers['x-forwarded-proto']) ?? element?.proto;
  return {
    host,
    forwardedHost: first(headers['x-forwarded-host']) ?? element?.host,
    isFromHere,
    secure: proto === undefined ? secure : ['https', 'wss'].includes(proto.toLowerCase()),
    remoteAddress: isContradicted ? remoteAddress : (addressIn(element) ?? remoteAddress),
  };
}

function namesPort(host: string | undefined, port: number | undefined): boolean {
  return host !== undefined && port !== undefined && host.endsWith(`:${port}`);
}

/** What trusted proxies say of the client. */
function clientOf(
  { forwarded, 'x-forwarded-for': forwardedFor }: IncomingHttpHeaders,
  proxies: TrustedProxies,
): { readonly element: ForwardedElement | undefined; readonly isContradicted: boolean } {
  const standard = forwarded === undefined ? undefined : clientBehind(parseForwarded(forwarded) ?? [], proxies);
  if (forwardedFor === undefined) return { element: standard, isContradicted: false };
  const element = clientBehind(
    listOf(forwardedFor).map((node) => ({ for: node })),
    proxies,
  );
  return { element, isContradicted: forwarded !== undefined && addressIn(standard) !== addressIn(element) };
}

/** The first entry of a list: that of the proxy next to the client. */
function first(value: string | string[] | undefined): string | undefined {
  return listOf(value)[0];
}

/** Each proxy appends the address of its peer: the last address that is not a trusted proxy is the client. */
function clientBehind(elements: readonly ForwardedElement[], proxies: TrustedProxies): ForwardedElement | undefined {
  return elements.findLast((element) => !proxies.has(addressIn(element))) ?? elements[0];
}

function addressIn(element: ForwardedElement | undefined): string | undefined {
  const address = addressOfNode(element?.for ?? '');
  return isIP(address) === 0 ? undefined : address;
}

function listOf(value: string | string[] | undefined): string[] {
  return String(value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
