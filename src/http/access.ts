import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { BoundedLog } from '../runtime/bounded-log.js';
import { askedOf, type Asked } from './asked.js';
import { isHostAllowed, isLoopbackAddress, isUnclaimableHost } from './host.js';
import { isOriginAllowed } from './origin.js';
import { TrustedProxies } from './trusted-proxies.js';

/** Maximum length of a header in the log, since the client chooses its text. */
const MAX_LOGGED = 200;

/** What {@link Access} takes. */
export interface AccessOptions {
  readonly server: HttpServer | HttpsServer;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  /** Gets the log lines of refused requests, with the option that would allow them. */
  readonly refusals: BoundedLog;
}

/** Decides who may use the server: checks the Host of every request and the Origin of handshakes. */
export class Access {
  readonly #options: AccessOptions;
  readonly #proxies: TrustedProxies;
  #boundToLoopback = false;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
  }

  /**
   * Whether the host of a request is served.
   * @param anyAddress - whether what is asked for is served under every address
   */
  isHostAllowed(request: IncomingMessage, anyAddress = false): boolean {
    const asked = this.#asked(request);
    return (anyAddress && isUnclaimableHost(asked.host)) || this.#isHostAllowed(asked);
  }

  /** Whether the host of a handshake is served, and its page, if any, may connect. */
  isHandshakeAllowed(request: IncomingMessage): boolean {
    const asked = this.#asked(request);
    if (!this.#isHostAllowed(asked)) return false;
    const { host, forwardedHost, secure } = asked;
    const { origin } = request.headers;
    const { allowedOrigins = [] } = this.#options;
    if (isOriginAllowed({ origin, host: forwardedHost ?? host, secure, allowedOrigins })) return true;
    this.#log(
      'origin',
      { origin: cut(origin), ...told(asked) },
      'Handshake refused: the page comes from another host than the one it asked for. To let it in, add its origin to ' +
        'allowedOrigins (--allowed-origins). Where a proxy changed the host, let it pass Host on, or set trustedProxies ' +
        '(--trusted-proxies) and let it send X-Forwarded-Host',
    );
    return false;
  }

  /** The address of the client, also behind proxies. */
  remoteAddress(request: IncomingMessage): string | undefined {
    return this.#asked(request).remoteAddress;
  }

  /** Whether the client used TLS, to this server or to a trusted proxy. */
  isSecure(request: IncomingMessage): boolean {
    return this.#asked(request).secure;
  }

  #asked(request: IncomingMessage): Asked {
    return askedOf(request, this.#proxies);
  }

  #isHostAllowed(asked: Asked): boolean {
    const { server, allowedHosts } = this.#options;
    const { host, forwardedHost, isFromHere } = asked;
    const address = server.address();
    // A server that has stopped listening has no address; the last known one stays valid.
    if (address !== null) this.#boundToLoopback = typeof address === 'object' && isLoopbackAddress(address.address);
    const boundToLoopback = this.#boundToLoopback;
    if (isHostAllowed({ host, forwardedHost, boundToLoopback, isFromHere, allowedHosts })) return true;
    this.#log(
      'host',
      told(asked),
      'Request refused: its host is not served here. To serve it, add its name to allowedHosts (--allowed-hosts)',
    );
    return false;
  }

  #log(reason: string, fields: Readonly<Record<string, unknown>>, text: string): void {
    this.#options.refusals.write('warn', reason, { reason, ...fields }, text);
  }
}

function told({ host, forwardedHost, remoteAddress }: Asked): Readonly<Record<string, unknown>> {
  return { host: cut(host), forwardedHost: cut(forwardedHost), remoteAddress: cut(remoteAddress) };
}

function cut(text: string | undefined): string | undefined {
  return text?.slice(0, MAX_LOGGED);
}
