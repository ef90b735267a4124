import type { RedisConnectionClient } from 'bullmq';
import { OptionError } from '../../runtime/option-error.js';
import { firstConnection, leaveReplicas, reconnectMs } from '../../runtime/redis-access.js';
import { exportsOf } from '../../runtime/exports-of.js';

/** How often an idle connection is tried. In milliseconds. */
const PING_MS = 5_000;
/** After which silence a connection is made anew: longer than a ping that waits behind a blocking command. */
const SILENCE_MS = 15_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** A client of `@redis/client`, `redis` or `ioredis`. */
export interface RedisClient {
  duplicate(overrides?: object): unknown;
}

/** The client for BullMQ. */
export interface QueueConnection {
  readonly client: RedisConnectionClient;
  readonly isReady: boolean;
  /** Calls back at each connect, until the end. */
  onReady(listener: () => void): void;
  /** Closes what was made here. */
  end(): void;
}

interface NodeRedis extends RedisConnectionClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  readonly options?: { readonly socket?: object };
  duplicate(overrides?: object): NodeRedis;
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[], options?: object): Promise<unknown>;
  destroy(): void;
  removeAllListeners(event: string): unknown;
  on(event: string, listener: (error: unknown) => void): unknown;
}

/**
 * Makes a client for BullMQ, which duplicates it to get more.
 * @throws if no connection can be made within 5 s, or Redis refuses it
 */
export async function connect(given: string | RedisClient): Promise<QueueConnection> {
  if (typeof given === 'string') return await ofNodeRedis(await clientOf(given));
  return isIoRedis(given) ? ofIoRedis(given) : await ofNodeRedis(given as NodeRedis);
}

/**
 * BullMQ repeats a failed command at once, without a delay, so commands have to wait while there is no connection. Its
 * connections may be idle or wait for long, so pings show which of them are dead.
 */
async function ofNodeRedis(given: NodeRedis): Promise<QueueConnection> {
  if ('masters' in given || 'getMasterNode' in given) {
    throw new OptionError('client', 'a client of ioredis for Redis Cluster and Sentinel, since BullMQ needs it', given);
  }
  const client = given.duplicate({
    disableOfflineQueue: false,
    // Needs version 3 of the protocol, in which answers have other forms.
    RESP: 2,
    maintNotifications: 'disabled',
    pingInterval: PING_MS,
    // A timeout for each command takes four times as long as the command.
    commandOptions: { timeout: undefined },
    socket: {
      ...given.options?.socket,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      // Without a connection that comes back, BullMQ would try again without a pause.
      reconnectStrategy: reconnectMs,
    },
  });
  followMaster(client);
  const end = (): void => {
    // A ping without an answer fails now, and BullMQ would throw its error, since nobody listens to BullMQ any more.
    client.removeAllListeners('error');
    client.on('error', () => undefined);
    if (client.isOpen) client.destroy();
  };
  try {
    await firstAnswer(client);
  } catch (error) {
    end();
    throw error;
  }
  return {
    client,
    get isReady() {
      return client.isReady;
    },
    onReady: (listener) => void client.on('ready', listener),
    end,
  };
}

/** Lets a client, and each that BullMQ makes of it, leave a replica: every command of them is sent by `sendCommand`. */
function followMaster(client: NodeRedis): void {
  const send = client.sendCommand.bind(client);
  const leave = leaveReplicas(() => send(['QUIT']));
  client.sendCommand = (args, options) => {
    const sent = send(args, options);
    sent.catch(leave);
    return sent;
  };
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (overrides) => {
    const other = duplicate(overrides);
    followMaster(other);
    return other;
  };
}

/**
 * Connects, and waits for an answer. BullMQ sends its scripts before it has one, and Redis closes the connection of a client
 * that sends so much without a password, in which the reason is often lost.
 */
async function firstAnswer(client: NodeRedis): Promise<void> {
  await firstConnection(
    // Answered also while Redis reads its file.
    () => client.connect().then(() => client.sendCommand(['INFO', 'server'])),
    (onError) => void client.on('error', onError),
    cannotOpen,
  );
}

/** Says why a queue does not open. */
export function cannotOpen(cause: unknown): Error {
  return new Error('The queue could not be opened', { cause });
}

interface IoRedis extends RedisConnectionClient {
  readonly status: string;
  on(event: 'ready', listener: () => void): unknown;
  off(event: 'ready', listener: () => void): unknown;
}

function isIoRedis(client: object): client is IoRedis {
  return 'defineCommand' in client;
}

function ofIoRedis(client: IoRedis): QueueConnection {
  const listeners: (() => void)[] = [];
  return {
    client,
    get isReady() {
      return client.status === 'ready';
    },
    onReady: (listener) => {
      listeners.push(listener);
      client.on('ready', listener);
    },
    end: () => {
      for (const listener of listeners) client.off('ready', listener);
    },
  };
}

async function clientOf(url: string): Promise<NodeRedis> {
  try {
    const { createClient } = exportsOf(await import('@redis/client'));
    return createClient({ url });
  } catch (cause) {
    throw new Error('The package @redis/client is missing: run "npm install @redis/client"', { cause });
  }
}
