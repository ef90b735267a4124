import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { BoundedLog } from '../runtime/bounded-log.js';
import { askedOf, type Asked } from './asked.js';
import { isHostAllowed, isLoopbackAddress } from './host.js';
import { isOriginAllowed } from './origin.js';
import { TrustedProxies } from './trusted-proxies.js';

/** Characters of a header in the log: its text is the client's. */
const MAX_LOGGED = 200;

/** What {@link Access} takes. */
export interface AccessOptions {
  readonly server: HttpServer | HttpsServer;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly allowedOrigins?: readonly string[] | undefined;
  readonly trustedProxies?: readonly string[] | undefined;
  /** Is told which option would have let a refused request in. */
  readonly refusals: BoundedLog;
}

/** Who may ask this server: judges the Host of every request and the Origin of handshakes. */
export class Access {
  readonly #options: AccessOptions;
  readonly #proxies: TrustedProxies;
  #boundToLoopback = false;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
  }

  /** Whether the host a request is for is served here. */
  isHostAllowed(request: IncomingMessage): boolean {
    return this.#isHostAllowed(this.#asked(request));
  }

  /** Whether a handshake is for a host that is served here, and comes from a page that may connect, or from no page. */
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

  /** The address of the client, whatever stands between. */
  remoteAddress(request: IncomingMessage): string | undefined {
    return this.#asked(request).remoteAddress;
  }

  #asked(request: IncomingMessage): Asked {
    return askedOf(request, this.#proxies);
  }

  #isHostAllowed(asked: Asked): boolean {
    const { server, allowedHosts } = this.#options;
    const { host, forwardedHost } = asked;
    const address = server.address();
    // A server that has stopped listening has no address any more, and goes on as before.
    if (address !== null) this.#boundToLoopback = typeof address === 'object' && isLoopbackAddress(address.address);
    if (isHostAllowed({ host, forwardedHost, boundToLoopback: this.#boundToLoopback, allowedHosts })) return true;
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
