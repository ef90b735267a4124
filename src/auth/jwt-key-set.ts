import { createLocalJWKSet, errors, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import { AgentSocketError } from '../protocol/agent-socket-error.js';

/** What {@link RemoteKeySet} takes. Times in milliseconds. */
export interface KeySetOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  readonly cacheMs: number;
  readonly cooldownMs: number;
}

/** Size of the largest key set that is read, in bytes: those of providers have a few kilobytes. */
const MAX_BYTES = 262_144;

/** How long a key set that cannot be read again is used, in milliseconds. */
const MAX_STALE_MS = 86_400_000;

/** The least time between two reads after a failure, in milliseconds. */
const RETRY_MS = 1_000;

type LocalKeySet = ReturnType<typeof createLocalJWKSet>;

/**
 * The keys behind an address. They are read once for all handshakes that wait for them, and never while there are keys
 * that fit: an old set is replaced in the background, and a server of keys that fails keeps nobody out until the set is a
 * day old.
 */
export class RemoteKeySet {
  readonly #options: KeySetOptions;
  #keys: LocalKeySet | undefined;
  /** When the keys were read, and when that was last begun, on the monotonic clock. */
  #readAt = -Infinity;
  #triedAt = -Infinity;
  #reading: Promise<LocalKeySet> | undefined;

  constructor(options: KeySetOptions) {
    this.#options = options;
  }

  /**
   * Finds the key of a token.
   * @throws AgentSocketError `internal_error` if the keys that it needs cannot be read in time; an error of `jose` if no
   * key fits
   */
  readonly find: JWTVerifyGetKey<CryptoKey> = async (header, token) => {
    const keys = this.#usable() ?? (await this.#read());
    try {
      return await keys(header, token);
    } catch (error) {
      const newer = error instanceof errors.JWKSNoMatchingKey ? await this.#newer(keys) : undefined;
      if (newer === undefined) throw error;
      return newer(header, token);
    }
  };

  /**
   * The keys for a token that these do not fit: the issuer may have begun to sign with a new key. `undefined` if these are
   * so new that they are not read again, since strangers can name any key.
   */
  async #newer(keys: LocalKeySet): Promise<LocalKeySet | undefined> {
    // Others may have asked for them, or have got them meanwhile.
    if (this.#reading !== undefined) return this.#reading;
    if (this.#keys !== keys) return this.#keys;
    return performance.now() - this.#readAt < this.#options.cooldownMs ? undefined : this.#read();
  }

  /** The keys, unless they are too old. Begins to replace keys that are old. */
  #usable(): LocalKeySet | undefined {
    const now = performance.now();
    const age = now - this.#readAt;
    if (age >= MAX_STALE_MS) return undefined;
    if (age >= this.#options.cacheMs && now - this.#triedAt >= RETRY_MS) this.#read().catch(ignore);
    return this.#keys;
  }

  #read(): Promise<LocalKeySet> {
    if (this.#reading !== undefined) return this.#reading;
    const now = performance.now();
    // Without this, handshakes that fail would be as many requests.
    const hasFailed = this.#triedAt > this.#readAt;
    if (hasFailed && now - this.#triedAt < RETRY_MS) return Promise.reject(unavailable());
    this.#triedAt = now;
    this.#reading = this.#fetch().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #fetch(): Promise<LocalKeySet> {
    const { url, timeoutMs } = this.#options;
    try {
      const response = await fetch(url, {
        headers: { accept: 'application/jwk-set+json, application/json' },
        redirect: 'error',
        // Also ends a body that never does.
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
      this.#keys = createLocalJWKSet(JSON.parse(await textOf(response)) as Parameters<typeof createLocalJWKSet>[0]);
      this.#readAt = performance.now();
      return this.#keys;
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

/** The body of a response, if it is not too long. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop ends the response.
    if (bytes > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unavailable(cause?: unknown): AgentSocketError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new AgentSocketError('internal_error', `The key set that verifies tokens cannot be read${why}`, { cause });
}

function ignore(): void {
  // The keys at hand are used, and the next handshake tries again.
}
