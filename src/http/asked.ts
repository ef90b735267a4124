import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { readTarget } from '../protocol/request-target.js';
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
   * whose name was made to lead to 127.0.0.1 comes like this, and cannot set headers of a handshake.
   */
  readonly isFromHere: boolean;
  /** Whether the client spoke TLS, to this server or to a trusted proxy. */
  readonly secure: boolean;
  /** The address of the client; behind a trusted proxy, the address that the proxy reports. */
  readonly remoteAddress: string | undefined;
}

/** Reads the request, and `X-Forwarded-Host`, `-Proto` and `-For` of trusted proxies. */
export function askedOf(request: IncomingMessage, proxies: TrustedProxies): Asked {
  const { headers, socket } = request;
  // An authority in the request line precedes Host (RFC 9112, section 3.2.2); HTTP/2 has it in its own field.
  const host = readTarget(request.url ?? '').authority ?? headers.host ?? first(headers[':authority']);
  const secure = 'encrypted' in socket;
  const { remoteAddress } = socket;
  if (!proxies.has(remoteAddress)) {
    const isFromHere = isLoopbackAddress(socket.localAddress) && !PROXY_HEADERS.some((name) => name in headers);
    return { host, forwardedHost: undefined, isFromHere, secure, remoteAddress };
  }
  const proto = first(headers['x-forwarded-proto']);
  return {
    host,
    forwardedHost: first(headers['x-forwarded-host']),
    isFromHere: false,
    secure: proto === undefined ? secure : ['https', 'wss'].includes(proto.toLowerCase()),
    remoteAddress: clientBehind(headers['x-forwarded-for'], proxies) ?? remoteAddress,
  };
}

/** The first entry of a list: that of the proxy next to the client. */
function first(value: string | string[] | undefined): string | undefined {
  return listOf(value)[0];
}

/** Each proxy appends the address of its peer: the last address that is not a trusted proxy is the client. */
function clientBehind(forwardedFor: string | string[] | undefined, proxies: TrustedProxies): string | undefined {
  const addresses = listOf(forwardedFor);
  const address = addresses.findLast((one) => !proxies.has(one)) ?? addresses[0] ?? '';
  return isIP(address) === 0 ? undefined : address;
}

function listOf(value: string | string[] | undefined): string[] {
  return String(value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
