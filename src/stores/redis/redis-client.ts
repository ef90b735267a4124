import { firstConnection, leaveReplicas, reconnectMs } from '../../runtime/redis-access.js';
import { CountedCalls } from './counted-calls.js';
import { exportsOf } from '../../runtime/exports-of.js';

/** An argument of a command. */
export type RedisArgument = string | Buffer;
/** What Redis answers. */
export type Reply = string | number | Buffer | null | readonly Reply[];

/** How long a connection may be silent before it is made anew, in milliseconds. */
const SOCKET_TIMEOUT_MS = 5_000;
/** How often an idle connection is used, so that a dead one is noticed, in milliseconds. */
const PING_MS = 2_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Type of a text in the protocol of Redis: `RESP_TYPES.BLOB_STRING`. */
const BLOB_STRING = 36;
/** A timeout for each command takes four times as long as the command. */
const NO_TIMEOUT = { commandOptions: { timeout: undefined } };
/** How often a client of Sentinel, which waits for a second each time, looks for the master before a command fails. */
const REDISCOVERS = 4;

/**
 * A client of `@redis/client` or `redis`: what `createClient`, `createCluster` or `createSentinel` returns. Its options
 * are used; the store makes connections of its own.
 */
export interface RedisClientLike {
  duplicate(overrides?: object): unknown;
}

/** The part of a client of one of the three kinds that is used here. */
interface Native {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): unknown;
  on(event: string, listener: (...given: never[]) => void): unknown;
  sendCommand(...given: unknown[]): Promise<unknown>;
  subscribe(channel: string | string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  sSubscribe(channel: string | string[], listener: (message: string, channel: string) => void): Promise<unknown>;
  duplicate(overrides?: object): Native;
}

type Kind = 'one' | 'cluster' | 'sentinel';

/** What is done with a connection, besides sending. */
export interface ConnectionEvents {
  /** The connection was made, for the first time or again. */
  onReady?(): void;
  /** The connection was lost, or could not be made. */
  onError?(error: unknown): void;
}

/** Connections to one Redis, or to all masters of a Redis Cluster. */
export class RedisConnection {
  readonly isCluster: boolean;
  /** The scripts that were called over this connection. */
  readonly calls = new CountedCalls();
  readonly #native: Native;
  readonly #kind: Kind;
  readonly #ready: (() => void)[] = [];
  readonly #failed: ((error: unknown) => void)[] = [];
  /** Clients of Redis Cluster and Sentinel look for the master themselves. */
  readonly #leaveReplica: ((error: unknown) => void) | undefined;
  #closed = false;

  private constructor(native: Native, kind: Kind) {
    this.#native = native;
    this.#kind = kind;
    this.isCluster = kind === 'cluster';
    if (kind === 'one') this.#leaveReplica = leaveReplicas(() => native.sendCommand(['QUIT']));
    native.on('error', (error: unknown) => this.#onError(error));
    for (const event of ['ready', 'node-ready']) native.on(event, () => this.#onReady());
  }

  /**
   * Connects.
   * @param given - an address, or a client whose options are used
   * @throws if no connection can be made within 5 s
   */
  static async open(given: string | RedisClientLike): Promise<RedisConnection> {
    const template = typeof given === 'string' ? await clientOf(given) : (given as Native);
    const kind = kindOf(template);
    const connection = new RedisConnection(template.duplicate(optionsOf(template, kind)), kind);
    await connection.#connect();
    if (typeof given !== 'string') return connection;
    let isOfCluster = true;
    try {
      isOfCluster = await connection.#isOfCluster();
    } finally {
      if (isOfCluster) connection.close();
    }
    if (!isOfCluster) return connection;
    return await RedisConnection.open(await clusterOf(given));
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return !this.#closed && this.#native.isReady;
  }

  /** Another connection with the same options. */
  async another(): Promise<RedisConnection> {
    const connection = new RedisConnection(this.#native.duplicate(), this.#kind);
    await connection.#connect();
    return connection;
  }

  /** Calls `onReady` and `onError` from now on. */
  watch(events: ConnectionEvents): void {
    this.#ready.push(() => events.onReady?.());
    this.#failed.push((error) => events.onError?.(error));
  }

  /**
   * Sends a command. Commands are executed in the order of the calls, as far as they go to the same Redis. Rejects if
   * there is no connection, or it is lost: then the command may have been executed.
   * @param key - a key of the command, which selects the master
   */
  send(key: string | undefined, args: readonly RedisArgument[]): Promise<Reply> {
    return this.#send(key, args, undefined);
  }

  /** Like {@link send}; texts in the answer are bytes. */
  sendForBytes(key: string | undefined, args: readonly RedisArgument[]): Promise<Reply> {
    return this.#send(key, args, { typeMapping: { [BLOB_STRING]: Buffer } });
  }

  /** Receives what is published on channels: with Redis Cluster, on sharded ones. They are subscribed again by itself. */
  async subscribe(channels: readonly string[], listener: (message: string, channel: string) => void): Promise<void> {
    if (!this.isCluster) await this.#native.subscribe([...channels], listener);
    // Channels of one call must be in one slot.
    else await Promise.all(channels.map((channel) => this.#native.sSubscribe(channel, listener)));
  }

  /** Closes the connection; what has no answer yet rejects. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#native.isOpen) void this.#native.destroy();
  }

  #send(key: string | undefined, args: readonly RedisArgument[], options: object | undefined): Promise<Reply> {
    const native = this.#native;
    const sent =
      this.#kind === 'one'
        ? native.sendCommand(args, options)
        : this.#kind === 'cluster'
          ? native.sendCommand(key, false, args, options)
          : native.sendCommand(false, args, options);
    if (this.#leaveReplica !== undefined) sent.catch(this.#leaveReplica);
    return sent as Promise<Reply>;
  }

  async #connect(): Promise<void> {
    try {
      await firstConnection(
        () => this.#native.connect(),
        (onError) => this.watch({ onError }),
        (cause) => new Error('No connection to Redis could be made', { cause }),
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether the one Redis is a member of a Redis Cluster. */
  async #isOfCluster(): Promise<boolean> {
    return String(await this.send(undefined, ['INFO', 'cluster'])).includes('cluster_enabled:1');
  }

  #onReady(): void {
    for (const listener of this.#ready) listener();
  }

  #onError(error: unknown): void {
    if (!this.#closed) for (const listener of this.#failed) listener(error);
  }
}

async function load(): Promise<typeof import('@redis/client')> {
  try {
    return exportsOf(await import('@redis/client'));
  } catch (cause) {
    throw new Error('The package @redis/client is missing: run "npm install @redis/client"', { cause });
  }
}

async function clientOf(url: string): Promise<Native> {
  const { createClient } = await load();
  return createClient({ url }) as unknown as Native;
}

/** A client of the Redis Cluster that an address is a member of. */
async function clusterOf(url: string): Promise<RedisClientLike> {
  const { createCluster, RedisClient } = await load();
  const { username, password, socket } = RedisClient.parseURL(url);
  const tls = socket.tls ? { socket: { tls: true as const } } : {};
  const defaults = { ...(username !== undefined && { username }), ...(password !== undefined && { password }), ...tls };
  return createCluster({ rootNodes: [{ url }], defaults });
}

function kindOf(native: object): Kind {
  if ('masters' in native) return 'cluster';
  return 'getMasterNode' in native ? 'sentinel' : 'one';
}

interface GivenOptions {
  readonly socket?: object;
  readonly defaults?: { readonly socket?: object };
  readonly nodeClientOptions?: { readonly socket?: object };
}

/** The options of a client with what this store relies on. */
function optionsOf(native: Native & { options?: GivenOptions; _options?: GivenOptions }, kind: Kind): object {
  const given = native.options ?? native._options ?? optionsOfSentinel(native);
  const ours = (socket: object | undefined): object => ({
    RESP: 2,
    disableOfflineQueue: true,
    // Needs version 3 of the protocol, in which answers have other forms.
    maintNotifications: 'disabled',
    pingInterval: PING_MS,
    ...NO_TIMEOUT,
    socket: {
      ...socket,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      reconnectStrategy: reconnectMs,
    },
  });
  if (kind === 'one') return ours(given.socket);
  if (kind === 'sentinel') {
    const options = given.nodeClientOptions;
    const nodeClientOptions = { ...options, ...ours(options?.socket) };
    // One connection keeps the order of commands.
    const pools = { masterPoolSize: 1, replicaPoolSize: 0, reserveClient: false };
    return { RESP: 2, ...NO_TIMEOUT, ...pools, maxCommandRediscovers: REDISCOVERS, nodeClientOptions };
  }
  return { RESP: 2, ...NO_TIMEOUT, defaults: { ...given.defaults, ...ours(given.defaults?.socket) } };
}

/**
 * The options of a client of Sentinel, which no property has: `duplicate` passes them on to the constructor that it finds
 * in the prototype.
 */
function optionsOfSentinel(native: Native): GivenOptions {
  let options: GivenOptions = {};
  function Taker(given: GivenOptions): void {
    options = given;
  }
  const prototype: unknown = Object.create(native, { constructor: { value: Taker } });
  (Object.create(prototype as object) as Native).duplicate();
  return options;
}
