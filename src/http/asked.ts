import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { readTarget } from '../protocol/request-target.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Host, scheme and address of a request, as far as they can be trusted. */
export interface Asked {
  /** The host that the request names, with its port. */
  readonly host: string | undefined;
  /** The host that the client named to a trusted proxy, if the proxy reports it. */
  readonly forwardedHost: string | undefined;
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
  if (!proxies.has(remoteAddress)) return { host, forwardedHost: undefined, secure, remoteAddress };
  const proto = first(headers['x-forwarded-proto']);
  return {
    host,
    forwardedHost: first(headers['x-forwarded-host']),
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
