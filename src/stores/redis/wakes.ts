import type { Logger } from '../../runtime/logger.js';
import { PARTITIONS } from './partitions.js';
import type { Keys, RunPlace } from './keys.js';
import type { RedisConnection } from './redis-client.js';

/** Characters of the hash of a run. */
const HASH_LENGTH = 22;

/**
 * First characters of what nodes are sent, each for another reason. A wake is never the only copy of anything, and may be
 * lost or come twice.
 */
export const WAKE = {
  /** Entries of logs that the node reads. */
  entries: 'e',
  /** Facts of a run that the node executes have changed. */
  facts: 'f',
  /** It is the turn of a run. */
  turn: 't',
  /** A run was created in a conversation that the node watches. */
  created: 'c',
  /** Every node was told something. */
  control: 'k',
  /** A node has changed, or is gone. */
  nodes: 'n',
  /** Something was said in a room that the node has open. */
  event: 'r',
  /** The members of a room that the node has open have changed. */
  members: 'm',
  /** The node itself asks whether wakes arrive. */
  probe: 'b',
} as const;

/** The run that a wake about one run names: `<kind><base><hash>`. */
export function placeOf(text: string): RunPlace {
  return { base: text.slice(0, -HASH_LENGTH), run: text.slice(-HASH_LENGTH) };
}

/** What {@link Wakes} is made with. */
export interface WakesOptions {
  /** The connection for commands. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly nodeId: string;
  readonly logger: Logger;
}

/**
 * What other nodes send this one, over a subscription of the whole node. The node sends itself something with each beat:
 * if that does not come back, the subscription is at a Redis that delivers nothing (after a failover), and is made anew.
 */
export class Wakes {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #logger: Logger;
  readonly #own: readonly string[];
  readonly #takers = new Map<string, (text: string) => void>();
  readonly #looks: (() => void)[] = [];
  #subscriber: RedisConnection | undefined;
  #renewing = false;
  #closed = false;
  /** Number of the last probe, and of the last one that came back on each channel. */
  #sent = 0;
  readonly #back = new Map<string, number>();

  constructor({ connection, keys, nodeId, logger }: WakesOptions) {
    this.#connection = connection;
    this.#keys = keys;
    this.#logger = logger;
    this.#own = connection.isCluster
      ? Array.from({ length: PARTITIONS }, (_, partition) => keys.channel(nodeId, keys.base(partition)))
      : [keys.channel(nodeId)];
  }

  /** Subscribes. */
  async open(): Promise<void> {
    this.#subscriber = await this.#subscribe();
  }

  /** Calls `take` with everything that follows the first character `kind`. One for each kind. */
  on(kind: string, take: (text: string) => void): void {
    this.#takers.set(kind, take);
  }

  /** Calls `look` whenever wakes may have been lost. */
  onMissed(look: () => void): void {
    this.#looks.push(look);
  }

  /** Wakes nodes outside of a script. Never rejects. */
  async send(nodes: Iterable<string>, text: string): Promise<void> {
    const base = this.#connection.isCluster ? this.#keys.base(0) : undefined;
    await Promise.all([...nodes].map((node) => this.#publish(this.#keys.channel(node, base), text)));
  }

  /** Sends this node something on each channel, after a look at what came back of the earlier ones. */
  probe(): void {
    if (this.#own.some((channel) => this.#sent - (this.#back.get(channel) ?? 0) >= 2)) void this.#renew();
    const number = ++this.#sent;
    for (const channel of this.#own) {
      void this.#publish(channel, WAKE.probe + String(number)).then((isSent) => {
        // Nothing is known of the subscription.
        if (!isSent) this.#back.set(channel, number);
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.#subscriber?.close();
  }

  async #subscribe(): Promise<RedisConnection> {
    const subscriber = await this.#connection.another();
    try {
      await subscriber.subscribe(this.#own, (message, channel) => this.#take(message, channel));
    } catch (error) {
      subscriber.close();
      throw error;
    }
    subscriber.watch({
      onReady: () => {
        if (subscriber === this.#subscriber) this.#missed();
      },
    });
    for (const channel of this.#own) this.#back.set(channel, this.#sent);
    return subscriber;
  }

  async #renew(): Promise<void> {
    if (this.#renewing || this.#closed) return;
    this.#renewing = true;
    try {
      const subscriber = await this.#subscribe();
      this.#replace(subscriber);
    } catch (error) {
      this.#logger.warn({ err: error }, 'Redis delivers nothing, and could not be subscribed to anew');
    } finally {
      this.#renewing = false;
    }
  }

  #replace(subscriber: RedisConnection): void {
    this.#subscriber?.close();
    this.#subscriber = subscriber;
    if (this.#closed) {
      subscriber.close();
      return;
    }
    this.#missed();
    this.#logger.warn({}, 'Subscribed to Redis anew, since nothing was delivered');
  }

  #take(message: string, channel: string): void {
    const kind = message.slice(0, 1);
    const text = message.slice(1);
    if (kind === WAKE.probe) this.#back.set(channel, Math.max(this.#back.get(channel) ?? 0, Number(text)));
    else this.#takers.get(kind)?.(text);
  }

  #missed(): void {
    for (const look of this.#looks) look();
  }

  async #publish(channel: string, text: string): Promise<boolean> {
    const command = this.#connection.isCluster ? 'SPUBLISH' : 'PUBLISH';
    try {
      await this.#connection.send(channel, [command, channel, text]);
      return true;
    } catch {
      return false;
    }
  }
}
