import type { RedisConnectionClient } from 'bullmq';

/** How often an idle connection is tried. In milliseconds. */
const PING_MS = 5_000;
/** After which silence a connection is made anew: longer than a ping that waits behind a blocking command. */
const SILENCE_MS = 15_000;

/** The client for BullMQ. */
export interface QueueConnection {
  readonly client: RedisConnectionClient;
  readonly isReady: boolean;
  /** Closes what was made here. */
  end(): void;
}

/**
 * Makes a client for BullMQ, which duplicates it where it needs more. BullMQ repeats a failed command at once, without a
 * delay, so commands have to wait while there is no connection; and its connections may be idle or wait for long, so a
 * dead one is noticed by pings.
 */
export function connectionFor(client: RedisConnectionClient): QueueConnection {
  // Only ioredis has this method.
  if (client.defineCommand !== undefined) {
    return {
      client,
      get isReady() {
        return client['status'] === 'ready';
      },
      end: () => undefined,
    };
  }
  const { socket } = Object(client['options']) as { readonly socket?: object };
  const own = client.duplicate({
    disableOfflineQueue: false,
    pingInterval: PING_MS,
    // The default makes a timer for each command, and ends when the command is written.
    commandOptions: { timeout: undefined },
    socket: { ...socket, socketTimeout: SILENCE_MS },
  }) as NodeRedis;
  return {
    client: own,
    get isReady() {
      return own.isReady;
    },
    end: () => {
      if (own.isOpen) own.destroy();
    },
  };
}

/** What a client of `@redis/client` has besides. */
interface NodeRedis extends RedisConnectionClient {
  readonly isReady: boolean;
  readonly isOpen: boolean;
  destroy(): void;
}
