import type { KnownOptions } from '../runtime/unknown-option.js';
import { MAX_DELAY_MS, type Backoff } from './backoff.js';
import { checkKnown } from './check-known.js';
import { isClientSecret, makeClientSecret } from './client-secret.js';
import type { WebSocketClass, WebSocketLike } from './web-socket.js';

/** What {@link createAgentClient} takes. */
export interface AgentClientOptions {
  /**
   * The endpoint: `wss://example.com/ws/agent`; `http` stands for `ws`. In a page it may be relative to the base of the
   * page. It is resolved at the first attempt to connect, so that a module which makes a client can also be loaded on a
   * server.
   */
  url: string | URL;
  /**
   * Subprotocols to offer besides `agent-ws.v1`.
   * @default []
   */
  protocols?: readonly string[] | undefined;
  /**
   * Gives the proof of identity. Called before every attempt to connect, so that a token may expire. If it throws,
   * rejects, or gives a value that cannot be sent (nothing, or an error page), the attempt counts as failed and the
   * next one asks again; after three failures in a row there is an event `error` with the code `token_failed`. Blanks
   * around a token are removed. Also called when the server announces that the token ends: the client then sends the new
   * one over the open connection. After close code 4401 it is called once more before the client gives up.
   */
  token?: (() => string | Promise<string>) | undefined;
  /**
   * Where the token goes. `protocol`: the last of the offered subprotocols, where no log of URLs shows it; the server
   * reads it from the header `Sec-WebSocket-Protocol` and never answers with it. Only letters, digits and
   * ``!#$%&'*+-.^_`|~`` can be sent this way: a JWT is fine, Base64 with `/` or `=` is not. `message`: the first message
   * of the connection, in which any characters but blanks can be sent. `query`: the parameter `token` of the URL, which
   * servers and proxies log. With `encryption` the default is `message`.
   * @default 'protocol'
   */
  tokenIn?: TokenPlace | undefined;
  /**
   * Who this client is to a server without authentication: whoever has the secret owns the runs and conversations. 22 to
   * 128 letters, digits, `-` or `_`, from a random source. Not sent if there is a `token`.
   * @default in a page of the server's own host none, since the browser keeps a cookie; elsewhere a new one for each client
   */
  clientSecret?: string | undefined;
  /**
   * Encrypts every message, where TLS ends at somebody else's proxy: `encryptFor(key)` of `agent-ws/encryption`. A
   * server that does not have the key, or does not encrypt, gets no message, and the client gives up. A `token` in a
   * subprotocol or in the URL is not encrypted.
   * @default messages are not encrypted
   */
  encryption?: MessageEncryption | undefined;
  /**
   * The class of the WebSocket to use. The class of Node itself cannot end a connection whose peer has vanished: it
   * keeps the process alive, even after `close()`, until TCP gives up.
   * @default in Node that of the package `ws`, elsewhere the global one; looked up at the first attempt to connect
   */
  WebSocket?: WebSocketClass | undefined;
  /**
   * How long an attempt to connect may take until the server's greeting, in milliseconds.
   * @default 10000
   */
  connectTimeoutMs?: number | undefined;
  /**
   * After how much silence the server is asked whether it is there, in milliseconds.
   * @default the heartbeat interval the server tells
   */
  silenceMs?: number | undefined;
  /**
   * How long that answer may take before the connection counts as lost, in milliseconds.
   * @default 10000
   */
  pongTimeoutMs?: number | undefined;
  /**
   * How long to wait before coming back: anywhere between zero and a ceiling that begins at `baseMs` milliseconds and
   * doubles up to `capMs`. If the server asks to come back later, `baseMs` counts ten times and `capMs` twice.
   * @default { baseMs: 500, capMs: 30000 }
   */
  backoff?: { readonly baseMs?: number | undefined; readonly capMs?: number | undefined } | undefined;
  /**
   * How many attempts in a row may fail before the client gives up.
   * @default Infinity
   */
  maxAttempts?: number | undefined;
  /**
   * How many requests may wait for a connection; more are refused with `outbox_full`.
   * @default 256
   */
  maxQueued?: number | undefined;
}

/** Encryption of messages. */
export interface MessageEncryption {
  /** The subprotocol that is offered in place of `agent-ws.v1`. */
  readonly protocol: string;
  /** Makes the socket of decrypted messages. */
  readonly protect: (socket: WebSocketLike) => WebSocketLike;
}

const CLIENT_OPTIONS: KnownOptions<AgentClientOptions> = {
  url: true,
  protocols: true,
  token: true,
  tokenIn: true,
  encryption: true,
  clientSecret: true,
  WebSocket: true,
  connectTimeoutMs: true,
  silenceMs: true,
  pongTimeoutMs: true,
  backoff: true,
  maxAttempts: true,
  maxQueued: true,
};

const PLACES = ['protocol', 'message', 'query'] as const;

/** Where a token goes. */
type TokenPlace = (typeof PLACES)[number];

const BACKOFF: KnownOptions<Backoff> = { baseMs: true, capMs: true };

/** The options with their defaults. */
export interface Settings {
  /** @throws TypeError if a relative URL has no base. */
  readonly url: () => URL;
  readonly protocols: readonly string[];
  readonly token: (() => string | Promise<string>) | undefined;
  readonly tokenIn: TokenPlace;
  readonly clientSecret: string | undefined;
  /** The secret of this client if none is given. */
  readonly ownSecret: string;
  readonly encryption: MessageEncryption | undefined;
  readonly WebSocket: WebSocketClass | undefined;
  readonly connectTimeoutMs: number;
  readonly silenceMs: number | undefined;
  readonly pongTimeoutMs: number;
  readonly backoff: Backoff;
  readonly maxAttempts: number;
  readonly maxQueued: number;
}

/** @throws TypeError that names an unknown option, or an option with its rule and the value received. */
export function checkOptions(options: AgentClientOptions): Settings {
  check('options', 'an object', options, (value) => typeof value === 'object' && value !== null);
  checkKnown(options, CLIENT_OPTIONS);
  const { protocols = [], token, backoff = {}, silenceMs, encryption } = options;
  const { tokenIn = encryption === undefined ? 'protocol' : 'message' } = options;
  check('protocols', 'an array of strings', protocols, isStrings);
  check('token', 'a function', token, (value) => value === undefined || typeof value === 'function');
  check('tokenIn', '"protocol", "message" or "query"', tokenIn, (value) => PLACES.some((place) => place === value));
  const { clientSecret } = options;
  if (clientSecret !== undefined && !isClientSecret(clientSecret)) {
    const shown = typeof clientSecret === 'string' ? 'other text' : show(clientSecret);
    throw new TypeError(`Option "clientSecret" must be 22 to 128 letters, digits, "-" or "_", received ${shown}`);
  }
  check('backoff', 'an object', backoff, (value) => typeof value === 'object' && value !== null);
  checkKnown(backoff, BACKOFF, 'backoff');
  check('encryption', 'what encryptFor() gives', encryption, (value) => value === undefined || isEncryption(value));
  check('WebSocket', 'a class', options.WebSocket, (value) => value === undefined || typeof value === 'function');
  return {
    url: checkUrl(options.url),
    protocols,
    token,
    tokenIn,
    encryption,
    clientSecret,
    ownSecret: makeClientSecret(),
    WebSocket: options.WebSocket,
    connectTimeoutMs: checkMs('connectTimeoutMs', options.connectTimeoutMs ?? 10_000, 1),
    silenceMs: silenceMs === undefined ? undefined : checkMs('silenceMs', silenceMs, 1),
    pongTimeoutMs: checkMs('pongTimeoutMs', options.pongTimeoutMs ?? 10_000, 1),
    backoff: {
      baseMs: checkMs('backoff.baseMs', backoff.baseMs ?? 500, 0),
      capMs: checkMs('backoff.capMs', backoff.capMs ?? 30_000, 0),
    },
    maxAttempts: checkCount('maxAttempts', options.maxAttempts ?? Infinity, 1),
    maxQueued: checkCount('maxQueued', options.maxQueued ?? 256, 0),
  };
}

function checkUrl(given: unknown): () => URL {
  const text = String(given);
  const resolve = (base: string | undefined, rule: string): URL => {
    let url: URL;
    try {
      url = new URL(text, base);
    } catch {
      throw optionError('url', rule, given);
    }
    url.protocol = url.protocol.replace('http', 'ws');
    if (!/^wss?:$/.test(url.protocol)) throw optionError('url', rule, given);
    // WebSocket URLs cannot have a fragment.
    url.hash = '';
    return url;
  };
  // Checks a relative URL, whatever its base will be.
  resolve('http://localhost', 'a ws, wss, http or https URL');
  return () => resolve(baseUrl(), 'an absolute ws, wss, http or https URL outside of a page');
}

/** The base of relative URLs: the base of a page, or the URL of a worker. */
function baseUrl(): string | undefined {
  const { document, location } = globalThis as {
    readonly document?: { readonly baseURI: string };
    readonly location?: { readonly href: string };
  };
  return document?.baseURI ?? location?.href;
}

function checkMs(option: string, value: unknown, least: number): number {
  const rule = `milliseconds from ${least} to ${MAX_DELAY_MS}`;
  check(option, rule, value, (ms) => typeof ms === 'number' && ms >= least && ms <= MAX_DELAY_MS);
  return value as number;
}

function checkCount(option: string, value: unknown, least: number): number {
  const isCount = (count: unknown): boolean => count === Infinity || Number.isInteger(count);
  check(option, `an integer of at least ${least}, or Infinity`, value, (n) => isCount(n) && (n as number) >= least);
  return value as number;
}

function isEncryption(value: unknown): boolean {
  return typeof (value as Partial<MessageEncryption> | null)?.protect === 'function';
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function check(option: string, rule: string, value: unknown, fits: (value: unknown) => boolean): void {
  if (!fits(value)) throw optionError(option, rule, value);
}

function optionError(option: string, rule: string, value: unknown): TypeError {
  return new TypeError(`Option "${option}" must be ${rule}, received ${show(value)}`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
